# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For scripts that take packages from a release that the system itself does not use;
# source it after lib.sh.  It does not change the system's apt configuration: sources,
# lists and cache are private, in one directory.
#
#   private_apt DIR SUITE...   set up DIR/apt for the given suites, section main
#   apt_get ARGS...            apt-get with these suites; apt_cache likewise
#   $fetched                   where apt_get --download-only puts the packages
#   sources_of RELEASE [SUITE...]   lines of sources.list for that release
#
# The suites come from the mirror that the system uses.

# The system's mirror of a suite, as apt names it.
mirror() {
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
		awk -v suite="$1" '$2 == suite && $3 == "main" && !found { print $1; found = 1 }'
}

# sources_of RELEASE [SUITE...]: apt's lines for it, its updates and other suites, from the
# mirrors that this system uses.
sources_of() {
	local release=$1 own main security suite

	shift
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	main=$(mirror "$own")
	security=$(mirror "$own-security")
	[ -n "$main" ] || { echo "apt knows no mirror for $own main" >&2; return 1; }
	for suite in "$release" "$release-updates" "$@"; do
		echo "deb $main $suite main"
	done
	[ -z "$security" ] || echo "deb $security $release-security main"
}

private_apt() {
	local dir=$1/apt codename uri suite signed=
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	shift
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	uri=$(mirror "$codename")
	[ -n "$uri" ] || { echo "apt knows no mirror for $codename main"; return 1; }

	[ -r "$keyring" ] && signed="[signed-by=$keyring] "
	mkdir -p "$dir"/{lists/partial,cache/archives/partial,empty}
	# The lists that the system already has are not downloaded again.
	cp -p /var/lib/apt/lists/*_dists_* "$dir/lists/" 2>/dev/null || true
	for suite in "$@"; do
		echo "deb $signed$uri $suite main"
	done >"$dir/sources.list"

	# shellcheck disable=SC2034
	fetched=$dir/cache/archives
	private=(-o Dir::Etc::sourcelist="$dir/sources.list"
		-o Dir::Etc::sourceparts="$dir/empty"
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$dir/empty"
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache"
		-o APT::Sandbox::User= -o APT::Keep-Downloaded-Packages=true
		-o Debug::NoLocking=true -o Acquire::Languages=none)
}

apt_get() {
	apt-get -q -y "${private[@]}" "$@"
}

apt_cache() {
	apt-cache "${private[@]}" "$@"
}
