# SPDX-License-Identifier: GPL-2.0
#
# svsm-reset: build, demonstration and tests.  All products go to build/, or to
# the directory named with O=.  "make help" lists the targets.

O ?= build
override BUILD := $(abspath $(O))
export SVSM_RESET_BUILD := $(BUILD)
export SVSM_RESET_T0 := $(shell date +%s)

PREFIX ?= /usr/local
KDIR ?= /lib/modules/$(shell uname -r)/build
PYTHON := /usr/bin/python3
# all, quick, or ci: quick and a slice of the rest, chosen by the commit
SCOPE ?= quick
# for check-fresh: on which bare machines, and what is run there
RELEASES ?= bookworm trixie
COMMANDS ?= demo check
# for check-kernels: 7.3, 6.12-rt, ...
SERIES ?=
# for check-hardware: COCONUT-SVSM's QEMU, and its SVSM with OVMF in it
QEMU ?= qemu-system-x86_64
IGVM ?= coconut-qemu.igvm
# for each fuzzer
FUZZ_SECONDS ?= 60
# for fuzz-live
CASES ?= 1000
# for soak
RESETS ?= 100
SEED ?= 1
NAME ?= soak
# for campaign
ROWS ?= 100
# for bench; AGAINST: a figure of an earlier run to compare with
RUNS ?= 5
AGAINST ?=
# How many tests run side by side, each file's by the same process. A guest has four vCPUs on
# one core, and waits now and then: one test more than there are cores.
JOBS ?= $(shell n=$$(nproc); echo $$((n > 3 ? 4 : n + 1)))
PYTEST = PYTHONPYCACHEPREFIX=$(BUILD)/pycache $(PYTHON) -m pytest -c tools/testing/pytest.ini \
	$(if $(filter-out 0 1,$(JOBS)),-n $(JOBS) --dist loadfile) --durations=20 \
	--scope=$(SCOPE) --junitxml=$(BUILD)/check/junit.xml $(PYTEST_ARGS)

# For the loop of an edit: the style of what changed, the tool without a guest, the simulator's own tests of
# calls and of a reset, a reboot, and a panic on an AP
SMOKE = static/test_style.py static/test_rooms.py static/test_messages.py tool/test_rules.py tool/test_commands.py \
	tool/test_status.py tool/test_bench.py simulator/test_calls.py::test_group simulator/test_execute.py::test_two_boots \
	scenarios/test_reboot.py::test_reboot_from_each_cpu[0] scenarios/test_crash_aps.py::test_other_cpu[panic-ap-irqs-off]

# Those of the variables $(1) that the caller has set, to be handed on.
given = $(foreach v,$(1),$(if $(filter command line,$(origin $(v))),$(v)='$($(v))'))
# What a caller may hand on to kbuild.
KBUILD_VARS := $(call given,V W C CC LD LLVM CHECK KCFLAGS INSTALL_MOD_PATH)

.DEFAULT_GOAL := module
.PHONY: module modules_install demo demo-kdump demo-debian docs check check-all check-ci check-kunit check-static \
	check-tool check-scenarios check-simulator check-kernels check-configurations check-debug check-packages \
	check-debian check-fresh check-hardware debian-image fuzz fuzz-live smoke soak campaign bench plots guest guest-kernel-next guest-rt firmware simulator tool \
	tool_install deb deps clean distclean help

module: ## Build svsm_reset.ko for the running kernel, or for KDIR=
	@tools/build/module --kdir '$(KDIR)' --out '$(BUILD)/module' $(KBUILD_VARS)
	@echo "  $(BUILD)/module/svsm_reset.ko"

modules_install: module ## Install the module for that kernel (INSTALL_MOD_PATH= as usual)
	+@env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -C '$(KDIR)' M='$(BUILD)/module/src' $(KBUILD_VARS) modules_install

tool: ## Build the command-line tool svsm-reset and the manual pages
	@tools/build/tool
	@echo "  $(BUILD)/tool/svsm-reset"

tool_install: tool ## Install them, and bash completion (DESTDIR=, PREFIX=/usr/local)
	@env -u MAKEFLAGS -u MAKELEVEL $(MAKE) -s -C tools/svsm-reset install O='$(BUILD)/tool' \
		DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

deb: ## Build the Debian packages svsm-reset-dkms, svsm-reset and snpsim, in build/deb
	@tools/build/deps deb
	@tools/packaging/deb

demo: ## Show it all: a stock kernel under the simulated SVSM, lost without the module, reset with it
	@tools/demo/run

demo-kdump: ## The same with a crash and its dump: crash kernel, dump, reset, the next boot
	@tools/demo/run kdump

demo-debian: ## The whole stack once: firmware, systemd, kdump-tools on a disk of Debian 13 (as root)
	@tools/demo/run-debian

docs: ## The documentation as HTML, in build/docs/html
	@tools/build/deps docs
	@tools/docs/build
	@echo "  $(BUILD)/docs/html/index.html"

deps: ## Install the Debian packages that demo and check need
	@tools/build/deps check

guest: ## Build the test guest: module, kernel and initial ram disks
	@tools/build/all guest

guest-kernel-next: ## The same with Debian's newest kernel, which is downloaded
	@tools/build/all guest-on "$$(tools/build/other-kernel --list | tail -n 1)"

guest-rt: ## The same with Debian's Linux 6.12 with PREEMPT_RT, which is downloaded
	@tools/build/all guest-on 6.12-rt

firmware: ## Download OVMF, which the simulator's guest can be started by (RELEASE=trixie, bookworm, sid)
	@tools/build/ovmf $(RELEASE)

debian-image: ## A Debian 13 disk with systemd, kdump-tools and our packages, in build/debian (as root)
	@tools/build/deps debian
	@tools/build/ovmf
	@tools/build/debian-image

simulator: ## Build the simulator and see that there is a QEMU for it
	@tools/build/all simulator

check: ## The tests, without most of the crash matrix: static checks, scenarios, simulator, KUnit
	@tools/build/all check
	@$(PYTEST) tools/testing

check-all: SCOPE = all
check-all: check ## All tests: the whole crash matrix, and as root the packages (some two hours more)

smoke: export SVSM_RESET_CHANGED = 1
smoke: ## In two minutes, after an edit: the style of what changed, the build, the tool, self-tests, a reboot, a panic on an AP
	@tools/build/all check
	@$(PYTEST) -k 'not (test_group and (fast or full))' $(patsubst %,'tools/testing/%',$(SMOKE))

check-ci: SCOPE = ci
check-ci: check ## As check, and the slice of the rest that is this commit's turn

check-static: ## Only the static checks
	@tools/build/all check
	@$(PYTEST) tools/testing/static

check-tool: ## Only the tests of the command-line tool that need no guest
	@tools/build/all check
	@$(PYTEST) tools/testing/tool

check-scenarios: ## Only the scenarios: real kernels, real resets, the simulator's events
	@tools/build/all check
	@$(PYTEST) tools/testing/scenarios

check-simulator: ## Only the simulator's own tests
	@tools/build/all check
	@$(PYTEST) tools/testing/simulator

check-kunit: ## Only the KUnit tests (on the debug kernel, built once)
	@tools/build/all check
	@$(PYTEST) tools/testing/kunit

check-kernels: ## The smoke scenarios on every kernel that Debian has, or on those of SERIES=; writes their table
	@kernels='$(SERIES)' && kernels=$${kernels:-6.12 $$(tools/build/other-kernel --list)} && \
		tools/build/all check-kernels $$kernels && \
		$(PYTEST) --kernels="$$kernels" tools/testing/kernels

check-configurations: ## The module for kernels with other options, and by clang; small kernels run; writes their table
	@tools/build/all check-configurations
	@$(PYTEST) --configurations tools/testing/configurations

check-debug: ## What runs on the debug kernel: its scenarios and the KUnit tests
	@tools/build/all check
	@$(PYTEST) tools/testing/scenarios/test_debug_kernel.py tools/testing/kunit

check-hardware: ## Scenarios on a real SNP host, judged by the console: IGVM= QEMU= (see tools/testing/hardware)
	@[ -f '$(IGVM)' ] || { echo 'check-hardware: $(IGVM) is no file: give one with IGVM='; exit 1; } >&2
	@tools/build/all check-hardware
	@tools/testing/hardware/check-hardware --igvm '$(IGVM)' --qemu '$(QEMU)' $(HARDWARE_ARGS)

check-fresh: ## README's two commands on bare machines, Debian 12 and 13 (as root, over an hour)
	@tools/testing/fresh/run '$(RELEASES)' '$(COMMANDS)' $(call given,SCOPE PYTEST_ARGS FUZZ_SECONDS)

check-packages: SCOPE = all
check-packages: ## Only the packages: built, and installed in bare Debian 12 and 13 trees (as root)
	@tools/build/all check-packages
	@$(PYTEST) tools/testing/packages

check-debian: SCOPE = all
check-debian: ## Only the Debian system: started by firmware, rebooted by systemd (as root)
	@tools/build/all check-debian
	@$(PYTEST) tools/testing/debian

fuzz: ## Fuzz the driver's decoders in user space, and the IGVM reader, each for FUZZ_SECONDS=60
	@tools/build/deps check
	@$(MAKE) --no-print-directory -C tools/testing/fuzz O='$(BUILD)/fuzz' FUZZ_SECONDS='$(FUZZ_SECONDS)' run

fuzz-live: ## Answers of host and SVSM to the driver from SEED=1, CASES=1000 of them; random writes to its files
	@tools/build/all fuzz-live
	@tools/testing/fuzz/live --cases '$(CASES)' --seed '$(SEED)' $(LIVE_ARGS)

soak: ## RESETS=100 resets of a busy guest, drawn from SEED=1, in one QEMU (half a minute each)
	@tools/build/all soak
	@tools/testing/soak/run --resets '$(RESETS)' --seed '$(SEED)' --name '$(NAME)' $(SOAK_ARGS)

campaign: ## Faults of the host at the steps of a reset, ROWS=100 of them at a time (half a minute each)
	@tools/build/all bench
	@tools/testing/campaign/run --limit '$(ROWS)' $(CAMPAIGN_ARGS)

bench: ## FIGURES= with RUNS=5 each: a table, and JSON in build/bench (a minute and more for each run of a guest)
	@tools/build/all bench
	@tools/testing/bench/run --runs '$(RUNS)' $(if $(AGAINST),--against '$(AGAINST)') $(FIGURES)

plots: ## Draw the figures quiesce, restart and memory as bench has kept them, for the documentation
	@tools/testing/bench/plots

clean: ## Remove what was built; keep what was downloaded and the debug kernel
	@tools/build/clean

distclean: ## Remove everything under the build directory
	@tools/build/clean --all

help: ## List the targets
	@echo 'svsm-reset: targets (products in build/, or O=DIR)'
	@sed -n 's/^\([a-z0-9_-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r target text; do printf '  %-18s %s\n' "$$target" "$$text"; done
	@echo 'Variables: KDIR= kernel build directory, O= build directory, W= C= V= LLVM= as for the kernel,'
	@echo '           PREFIX= DESTDIR= for tool_install, FUZZ_SECONDS= for each fuzzer,'
	@echo '           SERIES="6.12-rt 7.3" for check-kernels (tools/build/other-kernel --list),'
	@echo '           QEMU="sudo .../qemu-system-x86_64" IGVM= HARDWARE_ARGS= for check-hardware,'
	@echo '           RESETS= SEED= NAME= for soak (again with the same seed: it goes on), CASES= SEED= for fuzz-live,'
	@echo '           FIGURES="devices switches" RUNS= AGAINST=FILE for bench,'
	@echo '           RELEASES="bookworm trixie" COMMANDS="demo check" for check-fresh,'
	@echo '           JOBS= how many tests side by side (one for each CPU, 4 at most),'
	@echo '           PYTEST_ARGS= arguments for pytest (-k reboot, -x, ...), SCOPE=all with what make check leaves out'
