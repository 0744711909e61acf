# capsuled: one tree of files over Gemini and Gopher.
#
#   make deps run      install what is missing, build, serve capsule/
#   make deps check    install what is missing, build, run every test
#   make check-unit    the unit tests alone, in seconds
#   make check-wire    the tests against the real server alone
#   make deps fuzz     look for inputs that break a parser, FUZZ_SECONDS each
#   make deps bench    measure what an answer costs; see tests/bench/run
#   make bench-deps    install the servers of others, to be measured too
#   make deps soak     visitors of all kinds at once, for SOAK_SECONDS
#   make coverage      the lines and branches that the tests reach
#   make memcheck      the tests under valgrind
#   make deps deb      Debian's package, in build/deb/
#
# SAN=address,undefined works with each target and builds aside.  So does
# STATIC=1, which links OpenSSL statically: a little faster, but it has to be
# built again for each of OpenSSL's security updates.

VERSION = 0.1.0
PREFIX = /usr/local
BINDIR = $(PREFIX)/bin
SBINDIR = $(PREFIX)/sbin
MANDIR = $(PREFIX)/share/man
EXAMPLEDIR = $(PREFIX)/share/examples/capsuled
REPLICASDIR = $(EXAMPLEDIR)/replicas
GUESTBOOKDIR = $(EXAMPLEDIR)/guestbook

B = build$(if $(STATIC),/static)$(if $(SAN),/$(subst $(comma),-,$(SAN)))
comma = ,

CFLAGS = -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wvla \
    -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
    -Wswitch-enum -Wimplicit-fallthrough -Wformat=2
# A newer compiler may warn of more: only our own runs stop at a warning.
ifdef CI
WARNINGS += -Werror
endif
# What makes a fault in memory harder to use; sanitizers bring their own.
HARDENING = -fPIE -fstack-protector-strong -fstack-clash-protection \
    $(if $(filter x86_64 i%86,$(MACHINE)),-fcf-protection) \
    $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
MACHINE := $(shell uname -m)
SANFLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all \
    -fno-omit-frame-pointer)
# OpenBSD sorts by bytes alone.
ALL_CPPFLAGS = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Isrc \
    $(if $(filter OpenBSD,$(SYSTEM)),-Dstrverscmp=strcmp) $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(HARDENING) $(CFLAGS) $(SANFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS) \
    $(SANFLAGS)

# The layers, lowest first: each may include itself and those before it, but
# mirror/ is included by tool/ alone.
FLOORS = text sys mirror tree index serve wire daemon tool
OPENSSL = $(if $(STATIC),-Wl$(comma)-Bstatic) -lssl -lcrypto \
    $(if $(STATIC),-Wl$(comma)-Bdynamic)
LIBRARIES = -lconfuse -levent_core -lmagic $(OPENSSL) -luriparser \
    -lunistring -lidn2 -lsqlite3 -lm \
    $(if $(filter Linux,$(SYSTEM)),-lseccomp)
LIBRARIES += -larchive

# Rooms of one system alone; where they are not compiled, only looked at.
SYSTEM := $(shell uname -s)
ROOMS_Linux = system_linux landlock syscalls watch_linux \
    scriptjail_linux
ROOMS_OpenBSD = system_openbsd system_bsd watch_none scriptjail_none
ROOMS_FreeBSD = system_freebsd system_bsd watch_none scriptjail_none
ELSEWHERE = $(patsubst %,src/sys/%.c,$(filter-out $(ROOMS_$(SYSTEM)), \
    $(ROOMS_Linux) $(ROOMS_OpenBSD) $(ROOMS_FreeBSD)))

SOURCES = $(filter-out $(ELSEWHERE),$(wildcard $(FLOORS:%=src/%/*.c)))
HEADERS = $(wildcard $(FLOORS:%=src/%/*.h))
ARCHIVES = $(FLOORS:%=$(B)/lib%.a)
PROGRAMS = $(B)/capsuled $(B)/capsule
UNIT_SOURCES = $(wildcard tests/unit/test_*.c)
UNIT_TESTS = $(UNIT_SOURCES:tests/unit/%.c=$(B)/unit/%)
FUZZ_SOURCES = $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES = $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c=%)
FUZZ_REPLAYS = $(FUZZ_NAMES:%=$(B)/fuzz/replay_%)
FUZZ_SECONDS = 60
BENCH_SOURCES = $(wildcard tests/bench/*.c)
BENCH_PROGRAMS = $(B)/bench/capload $(B)/bench/floor
BENCH_SERVER = $(B)/bench/capsuled-inside
OBJECTS = $(SOURCES:src/%.c=$(B)/src/%.o) \
    $(B)/src/capsuled.o $(B)/src/capsule.o \
    $(UNIT_SOURCES:%.c=$(B)/%.o) $(FAKES) \
    $(FUZZ_SOURCES:%.c=$(B)/%.o) $(B)/tests/fuzz/replay.o \
    $(B)/tests/fuzz/mutate.o \
    $(BENCH_SOURCES:%.c=$(B)/%.o)
# CGI and FastCGI programs for tests of the wire.
WIRE_SOURCES = $(wildcard tests/wire/programs/*.c)
WIRE_PROGRAMS = $(B)/wire/trouble.so \
    $(WIRE_SOURCES:tests/wire/programs/%.c=$(B)/wire/%)
C_FILES = src/capsuled.c src/capsule.c $(SOURCES) $(HEADERS) \
    $(wildcard tests/unit/*.[ch] tests/fuzz/*.[ch] tests/bench/*.[ch] \
    tests/wire/*.c) $(WIRE_SOURCES)

# Debian's packages: to build, and a client for each protocol.  Tests need
# more.
DEPS = gcc libc6-dev make libssl-dev libmagic-dev libevent-dev liburiparser-dev \
    libunistring-dev libidn2-dev libconfuse-dev libseccomp-dev \
    libsqlite3-dev libarchive-dev amfora sacc
ifneq ($(filter check% coverage memcheck soak bench bench-% tidy, \
    $(MAKECMDGOALS)),)
DEPS += libcmocka-dev valgrind python3 python3-feedparser libxml2-utils \
    openssl curl lynx bombadillo vf1 gopher tmux mandoc rsync \
    procps libarchive-tools unzip molly-brown gophernicus pygopherd systemd \
    haproxy nginx libnginx-mod-stream libfcgi-dev perl php-cgi php-cli php-fpm
endif
ifneq ($(filter tidy format,$(MAKECMDGOALS)),)
DEPS += clang clang-format clang-tidy
endif
ifneq ($(filter deb,$(MAKECMDGOALS)),)
DEPS += build-essential debhelper dpkg-dev lintian
endif
ifneq ($(filter fuzz,$(MAKECMDGOALS)),)
DEPS += clang libclang-rt-dev llvm
endif

# Tests and benchmark start these servers themselves.  Debian would start their
# services when they are installed, for everybody; `systemctl unmask` undoes it.
# Those of php-fpm are named for the version of PHP in Debian 12 and 13.
MASKED = gophernicus.socket pygopherd.service haproxy.service nginx.service \
    php8.2-fpm.service php8.4-fpm.service
# Without systemd: denies the start of any service during an installation.
POLICY = /usr/sbin/policy-rc.d
ifneq ($(filter bench-deps,$(MAKECMDGOALS)),)
DEPS += systemd
endif

all: $(PROGRAMS)

# The floors at or below the one given: what it is linked with.
downto = $(if $(filter $(1),$(firstword $(2))),$(2),$(call \
    downto,$(1),$(wordlist 2,$(words $(2)),$(2))))
top_down = tool daemon wire serve index tree mirror sys text
libs_of = $(patsubst %,$(B)/lib%.a,$(call downto,$(1),$(top_down)))

$(B)/capsuled: $(B)/src/capsuled.o $(call libs_of,daemon)
	@echo "link $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES) $(LDLIBS)

$(B)/capsule: $(B)/src/capsule.o $(call libs_of,tool)
	@echo "link $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES) $(LDLIBS)

define floor_archive
$(B)/lib$(1).a: $(patsubst src/%.c,$(B)/src/%.o,$(filter src/$(1)/%,$(SOURCES)))
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach floor,$(FLOORS),$(eval $(call floor_archive,$(floor))))

# A test links the floor of the room it is named for, and those below.  It can
# make memory end before its time, and set the clock.
WRAPPED = -Wl,--wrap=malloc,--wrap=calloc,--wrap=clock_gettime,--wrap=time
FAKES = $(B)/tests/unit/scarce.o $(B)/tests/unit/fakeclock.o
libs_for = $(call libs_of,$(notdir $(patsubst %/,%,$(dir $(wildcard \
    $(FLOORS:%=src/%/$(1).c))))))

define unit_test
$(B)/unit/test_$(1): $(B)/tests/unit/test_$(1).o $(FAKES) $(call libs_for,$(1))
	@mkdir -p $$(@D)
	@echo "link $$@"
	@$$(CC) $$(ALL_LDFLAGS) $(WRAPPED) -o $$@ $$^ -lcmocka $$(LIBRARIES) \
	    $$(LDLIBS)
endef
$(foreach test,$(UNIT_SOURCES:tests/unit/test_%.c=%),$(eval \
    $(call unit_test,$(test))))

# A target with libFuzzer, or with its corpus and a mutator of our own.
define fuzz_target
$(B)/fuzz/replay_$(1): $(B)/tests/fuzz/replay.o $(B)/tests/fuzz/mutate.o \
    $(B)/tests/fuzz/fuzz_$(1).o $(call libs_for,$(1))
	@mkdir -p $$(@D)
	@echo "link $$@"
	@$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(LIBRARIES) $$(LDLIBS)

$(B)/fuzz_$(1): $(B)/tests/fuzz/fuzz_$(1).o $(call libs_for,$(1))
	@echo "link $$@"
	@$$(CC) $$(ALL_LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $$(LIBRARIES) \
	    $$(LDLIBS)
endef
$(foreach name,$(FUZZ_NAMES),$(eval $(call fuzz_target,$(name))))

# The load, and the least work that an answer can cost.
$(B)/bench/capload: $(filter-out %/floor.o %/keysinside.o, \
    $(BENCH_SOURCES:%.c=$(B)/%.o))
$(B)/bench/floor: $(B)/tests/bench/floor.o
$(BENCH_PROGRAMS):
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ -lssl -lcrypto $(LDLIBS)

# With the key in each worker: its keys.o comes before the archive's.
$(BENCH_SERVER): $(B)/src/capsuled.o $(B)/tests/bench/keysinside.o \
    $(call libs_of,daemon)
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBRARIES) $(LDLIBS)

# Loaded before libc by tests of the wire; it may not be what it troubles.
$(B)/wire/trouble.so: tests/wire/trouble.c $(B)/flags
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(ALL_CPPFLAGS) -std=c11 $(WARNINGS) $(CFLAGS) -fPIC -shared \
	    -fno-builtin -o $@ $< -ldl

# Started in the sandbox of programs, where sanitizers do not work.
$(B)/wire/%: tests/wire/programs/%.c $(B)/flags
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(ALL_CPPFLAGS) -std=c11 $(WARNINGS) \
	    $(filter-out --coverage,$(CFLAGS)) -o $@ $< \
	    $(if $(filter fastcgi,$*),-lfcgi)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Other flags or another compiler: everything is built again.
BUILT_WITH = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(B)/flags: force
	@mkdir -p $(@D)
	@echo "$(subst ",\",$(BUILT_WITH))" | cmp -s - $@ || \
	    echo "$(subst ",\",$(BUILT_WITH))" > $@

-include $(OBJECTS:.o=.d)

# In one call with other targets, the packages come first.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(OBJECTS) $(WIRE_PROGRAMS) check coverage memcheck run fuzz soak tidy \
    format deb: | deps
endif

deps:
	@if command -v dpkg-query >/dev/null; then \
	    missing=; \
	    for package in $(DEPS); do \
	        dpkg-query -W -f '$${Status}' $$package 2>/dev/null | \
	            grep -q 'ok installed' || missing="$$missing $$package"; \
	    done; \
	    [ -z "$$missing" ] && exit 0; \
	    echo "deps: installing$$missing"; \
	    root=; \
	    if [ "$$(id -u)" != 0 ]; then \
	        root=sudo; \
	        command -v sudo >/dev/null || { \
	            echo "deps: as root: apt-get install$$missing"; exit 1; \
	        }; \
	    fi; \
	    for unit in $(MASKED); do \
	        package=$$(echo $${unit%.*} | sed 's/php[0-9.]*/php/'); \
	        case "$$missing " in *" $$package "*) \
	            ! command -v systemctl >/dev/null || \
	                $$root systemctl -q mask $$unit || exit 1;; \
	        esac; \
	    done; \
	    if [ ! -e $(POLICY) ]; then \
	        trap "$$root rm -f $(POLICY)" EXIT; \
	        trap 'exit 1' HUP INT TERM; \
	        printf '#!/bin/sh\nexit 101\n' | \
	            $$root install -m 755 /dev/stdin $(POLICY) || exit 1; \
	    fi; \
	    $$root apt-get -q update && \
	    $$root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
	        --no-install-recommends $$missing; \
	else \
	    echo "deps: no apt here; this needs (Debian's names):"; \
	    echo "$(DEPS)" | fmt; \
	fi

bench-deps: deps

run: all
	$(B)/capsuled -g 1965 -G 7070 -o lang=en capsule

check-programs: all $(UNIT_TESTS) $(FUZZ_REPLAYS) $(WIRE_PROGRAMS) \
    $(BENCH_PROGRAMS) $(BENCH_SERVER)

check-unit: $(UNIT_TESTS)
	tests/run --unit $(B)

check-wire: all $(WIRE_PROGRAMS)
	tests/run --wire $(B)

# Without SAN, everything is tested twice: as shipped, and under sanitizers.
check: check-programs
ifeq ($(SAN),)
	$(MAKE) SAN=address,undefined check-programs
	tests/run $(B) $(B)/address-undefined
else
	tests/run $(B)
endif

# The tests again, counted: a report by room and floor.  Workers are another
# user than master and tests, and all of them add to the same counters.
COVERAGE = B=build/coverage LDFLAGS=--coverage \
    CFLAGS='-O0 -g --coverage -U_FORTIFY_SOURCE'
coverage:
	umask 0 && $(MAKE) $(COVERAGE) check-programs
	find build/coverage -name '*.gcda' -delete
	umask 0 && GCOV_ERROR_FILE=$(CURDIR)/build/coverage/errors \
	    tests/run build/coverage
	tests/coverage build/coverage

# The tests a third time, with our programs under valgrind: a line of sh stands
# for each.  Valgrind lives in the process that it watches, and the jail would
# end it for its own system calls: the harness starts with jail=off what lies
# in a directory of this name, and the jail's own test is left out.  Reports go
# to files, for the harness to read: among the words of the programs they
# would be in the way, as what valgrind says of calls that it does not know.
VALGRIND = valgrind --quiet --vgdb=no --error-exitcode=99 --leak-check=full \
    --show-leak-kinds=definite,indirect,possible \
    --errors-for-leak-kinds=definite,indirect,possible \
    --suppressions=$(CURDIR)/tests/valgrind
MEMCHECKED = $(filter-out %/test_jail,$(patsubst $(B)/%,$(B)/memcheck/%,\
    $(PROGRAMS) $(UNIT_TESTS) $(FUZZ_REPLAYS)))
memcheck: $(MEMCHECKED) $(WIRE_PROGRAMS:$(B)/%=$(B)/memcheck/%)
	tests/run $(B)/memcheck

$(B)/memcheck/wire/%: $(B)/wire/%
	@mkdir -p $(@D)
	@cp $< $@

$(B)/memcheck/%: $(B)/% Makefile
	@mkdir -p $(@D)
	@echo '#!/bin/sh' > $@
	@echo 'exec $(VALGRIND) $(CURDIR)/$< "$$@"' >> $@
	@chmod 755 $@

# What it finds lies in build/fuzz/found, and what breaks us beside it;
# fuzz-corpus keeps of the first what reaches code that nothing else does.
FUZZER = CC=clang SAN=fuzzer-no-link,address,undefined B=build/fuzz
fuzz:
	$(MAKE) $(FUZZER) $(FUZZ_NAMES:%=build/fuzz/fuzz_%)
	@for name in $(FUZZ_NAMES); do \
	    mkdir -p build/fuzz/found/$$name; \
	    echo "fuzz $$name"; \
	    build/fuzz/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) \
	        -dict=tests/fuzz/$$name.dict -rss_limit_mb=1500 -timeout=10 \
	        -close_fd_mask=2 -print_final_stats=1 \
	        -artifact_prefix=build/fuzz/$$name- build/fuzz/found/$$name \
	        tests/fuzz/corpus/$$name || exit 1; \
	done

fuzz-corpus:
	@for name in $(FUZZ_NAMES); do \
	    build/fuzz/fuzz_$$name -merge=1 -set_cover_merge=1 \
	        -use_counters=0 -close_fd_mask=2 \
	        tests/fuzz/corpus/$$name build/fuzz/found/$$name || exit 1; \
	done

bench: all $(BENCH_PROGRAMS) $(BENCH_SERVER)
	@BUILD=$(B) tests/bench/run

# Both count instructions, which repeat where times do not.
bench-check: $(B)/capsuled
	@BUILD=$(B) $(if $(UPDATE),tests/bench/counts.py --update,tests/run \
	    --file tests/bench/test_counts.py)

bench-profile: $(B)/capsuled
	@BUILD=$(B) tests/bench/counts.py

# Visitors of every kind, reloads and killed workers: what is left of it?
SOAK_SECONDS = 600
soak: $(B)/capsuled
	BUILD=$(B) tests/soak/run $(SOAK_SECONDS)

# Several files at once: each takes seconds.  gcc loses sight of a pointer that
# is stored in an array, and calls that a leak: LeakSanitizer looks for these.
JOBS = $$(getconf _NPROCESSORS_ONLN)
tidy:
	@tests/floors
	@tests/names
	@clang-format --dry-run --Werror $(C_FILES) $(ELSEWHERE)
	@printf '%s\n' $(filter %.c,$(C_FILES)) | \
	    xargs -P $(JOBS) -n 4 sh -c 'exec clang-tidy --quiet "$$@" -- \
	    $(subst ','\'',$(ALL_CPPFLAGS)) -std=c11 2>/dev/null' clang-tidy
	@for system in openbsd freebsd; do \
	    $(CC) -fsyntax-only $(ALL_CPPFLAGS) -std=c11 $(WARNINGS) -Werror \
	        -isystem tests/elsewhere/$$system \
	        src/sys/system_$$system.c src/sys/system_bsd.c || exit 1; \
	done
	@printf '%s\n' $(filter src/%.c,$(C_FILES)) | \
	    xargs -P $(JOBS) -n 1 gcc $(ALL_CPPFLAGS) -std=c11 -O2 -fanalyzer \
	    -Wno-analyzer-malloc-leak -Werror -c -o /dev/null
	@mandoc -T lint -W warning src/*.[1-9]
	@echo "tidy: nothing to say"

format:
	clang-format -i $(C_FILES) $(ELSEWHERE)

compile_commands.json:
	@{ separator='['; for file in $(filter %.c,$(C_FILES)); do \
	    printf '%s\n{"directory":"%s","file":"%s","arguments":[' \
	        "$$separator" "$(CURDIR)" "$$file"; \
	    for word in $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS); do \
	        printf '"%s",' "$$(echo "$$word" | sed 's/"/\\"/g')"; \
	    done; \
	    printf '"-c","%s"]}' "$$file"; separator=','; \
	done; echo ']'; } > $@

install: all
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) \
	    $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(EXAMPLEDIR) $(DESTDIR)$(REPLICASDIR) \
	    $(DESTDIR)$(GUESTBOOKDIR)
	install -m 755 $(B)/capsuled $(DESTDIR)$(SBINDIR)/capsuled
	install -m 755 $(B)/capsule $(DESTDIR)$(BINDIR)/capsule
	install -m 644 src/capsule.1 $(DESTDIR)$(MANDIR)/man1/capsule.1
	install -m 644 src/capsuled.conf.5 \
	    $(DESTDIR)$(MANDIR)/man5/capsuled.conf.5
	install -m 644 src/capsule-mirror.7 \
	    $(DESTDIR)$(MANDIR)/man7/capsule-mirror.7
	install -m 644 src/capsuled-programs.7 \
	    $(DESTDIR)$(MANDIR)/man7/capsuled-programs.7
	install -m 644 src/capsuled-server.7 \
	    $(DESTDIR)$(MANDIR)/man7/capsuled-server.7
	install -m 644 src/capsuled.8 $(DESTDIR)$(MANDIR)/man8/capsuled.8
	install -m 644 src/capsuled.conf \
	    $(DESTDIR)$(EXAMPLEDIR)/capsuled.conf
	install -m 644 src/examples/replicas/haproxy.cfg \
	    $(DESTDIR)$(REPLICASDIR)/haproxy.cfg
	install -m 755 src/examples/replicas/start \
	    src/examples/replicas/publish $(DESTDIR)$(REPLICASDIR)
	install -m 755 src/examples/guestbook/guestbook \
	    $(DESTDIR)$(GUESTBOOKDIR)/guestbook

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/capsuled $(DESTDIR)$(BINDIR)/capsule \
	    $(DESTDIR)$(MANDIR)/man1/capsule.1 \
	    $(DESTDIR)$(MANDIR)/man5/capsuled.conf.5 \
	    $(DESTDIR)$(MANDIR)/man7/capsule-mirror.7 \
	    $(DESTDIR)$(MANDIR)/man7/capsuled-programs.7 \
	    $(DESTDIR)$(MANDIR)/man7/capsuled-server.7 \
	    $(DESTDIR)$(MANDIR)/man8/capsuled.8 \
	    $(DESTDIR)$(EXAMPLEDIR)/capsuled.conf \
	    $(DESTDIR)$(REPLICASDIR)/haproxy.cfg \
	    $(DESTDIR)$(REPLICASDIR)/start $(DESTDIR)$(REPLICASDIR)/publish \
	    $(DESTDIR)$(GUESTBOOKDIR)/guestbook
	-rmdir $(DESTDIR)$(REPLICASDIR) $(DESTDIR)$(GUESTBOOKDIR) \
	    $(DESTDIR)$(EXAMPLEDIR)

# The same commit gives the same bytes, wherever it is packed.
dist:
	@mkdir -p build
	git archive --format=tar --prefix=capsuled-$(VERSION)/ HEAD | \
	    gzip -9n > build/capsuled-$(VERSION).tar.gz

# The Debian package is built in a copy with debian/ at its top level.
DEB = build/deb/capsuled-$(VERSION)
deb:
	@rm -rf build/deb
	@mkdir -p $(DEB)
	@cp -R Makefile src $(DEB)
	@mv $(DEB)/src/packaging/debian $(DEB)
	@src/packaging/changelog $(VERSION) > $(DEB)/debian/changelog
	@cd $(DEB) && env -u MAKEFLAGS dpkg-buildpackage -b -us -uc
	@rm -rf $(DEB)
	@lintian --fail-on error,warning build/deb/*.changes
	@ls build/deb/capsuled_*.deb

clean:
	rm -rf build compile_commands.json

force:

.PHONY: all deps bench-deps run check check-unit check-wire check-programs \
    coverage memcheck fuzz fuzz-corpus bench bench-check bench-profile soak \
    tidy format install uninstall dist deb clean force compile_commands.json
.DELETE_ON_ERROR:
