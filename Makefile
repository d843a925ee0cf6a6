# Foyer. `make` alone prints the targets. On a fresh Debian, as root: make run

export STATE FRESH BIND PORT HTTP_PORT SIP_PORT NET ONLY SOAK_MINUTES N SEED

.PHONY: help prepare run image vm test check lint bench soak powercut test-call shell lock clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@sed -n '/^OPTIONS = /,/^"""/p' image/boot.py | sed '1d;$$d'

prepare:
	@image/host.sh

run: prepare ## build what is missing, boot the box, say how to use it; Ctrl-C ends it
	@image/boot.py run

image: prepare ## build the file to flash, build/foyer-VERSION-amd64.img
	@image/disk.py

vm: image ## boot the image in QEMU, its addresses forwarded; Ctrl-A X ends it
	@NET=host image/enter.sh /usr/bin/python3 image/vm.py

test: image ## everything: lint, then all tests in the test root, the last ones on the image
	@image/enter.sh image/check.sh test

check: prepare ## the part of the tests without telephony and browser, under two minutes
	@image/enter.sh image/check.sh check

lint: prepare ## style, types, shell, layering, templates, translations
	@image/enter.sh image/check.sh lint

# The figures of calls need no image; all together and those of the image do.
bench: $(if $(filter-out image%,$(ONLY)),prepare,image) ## measure; prints a table, writes build/bench.json (ONLY=group for one group)
	@/usr/bin/python3 -m tests.bench.make_run
	@/usr/bin/python3 -m tests.bench.make_image
	@image/enter.sh env PYTHONPATH=/src:/src/image python3 -m tests.bench

soak: prepare ## calls for SOAK_MINUTES=30, half of the time with processes killed at random; what is lost, what grows
	@image/enter.sh python3 -m tests.soak

powercut: image ## cut the power of a box in QEMU at N=50 random moments; whether it comes up, and what it lost
	@image/enter.sh env PYTHONPATH=/src:/src/image python3 -m tests.powercut

test-call: prepare ## make a caller with a voice ring in to the box that runs
	@image/boot.py exec foyer test-call

shell: prepare ## a shell in the test root, with the repository at /src
	@image/enter.sh bash

lock: prepare ## write down in image/packages.lock which Debian packages the root is made of
	@/usr/bin/python3 image/layers.py lock

clean: prepare ## delete what was built, but neither the box's state nor downloaded packages
	@image/clean.sh
