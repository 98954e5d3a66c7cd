# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# bash completion for svsm-reset

_svsm_reset()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
	local conditions='reboot emergency-restart panic kdump refused relaunched unknown disabled
		spent policy-host policy-force deadman-off trust-host unattested rehearsal
		rehearsal-record nothing'

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		status | explain | check | set | note | events | rehearse) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	# readline takes "=" for a word of its own
	if [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	elif [ "$word" = = ]; then
		word=''
	fi

	case $before in
	--sysfs-root)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return ;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word")
		return ;;
	--critical | --warning | -c | -w)
		# the last one of a list
		local done=''
		case $word in *,*) done=${word%,*}, ;; esac
		mapfile -t COMPREPLY < <(compgen -P "$done" -W "$conditions" -- "${word##*,}")
		return ;;
	--recent | -r) return ;;
	esac

	local words
	case $command in
	status | explain | rehearse) words='--json --color --sysfs-root --help' ;;
	check) words='--json --deep --critical --warning --recent --sysfs-root --help' ;;
	events) words='--json --once --sysfs-root --help' ;;
	set)
		case $before in
		set) words='enabled ap_policy device_policy deadman' ;;
		enabled) words='0 1' ;;
		ap_policy) words='refuse host force' ;;
		device_policy) words='force refuse' ;;
		deadman) words='0 600' ;;
		*) words='' ;;
		esac
		case $word in -*) words='--sysfs-root --help' ;; esac ;;
	note) words='--sysfs-root --help' ;;
	*) words='status explain check set note events rehearse --sysfs-root --help --version' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _svsm_reset svsm-reset
