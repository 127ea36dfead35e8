#!/bin/sh
# Takes from the base what a running process never needs and an intruder would like: installers, other languages, setuid
# bits, package lists; and manuals. The list of installed packages stays, for scanners.
set -eu

find / -xdev -perm /6000 -type f -exec chmod a-s {} +
find / -xdev \( -path '*/site-packages/*' -o -path '*/dist-packages/*' \) -prune -exec rm -rf {} +
find / -xdev -type d \( -name ensurepip -o -name idlelib -o -name tkinter -o -name turtledemo -o -name lib2to3 \
  -o -name __pycache__ \) -prune -exec rm -rf {} +
rm -rf /usr/local/bin/pip* /usr/local/bin/idle* /usr/local/bin/2to3* /usr/bin/2to3* /usr/share/python-wheels \
  /usr/bin/apt* /usr/lib/apt /usr/bin/perl* /usr/lib/*-linux-gnu/perl-base /usr/lib/*-linux-gnu/gconv /var/lib/apt /var/cache/* /var/log/* \
  /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/lintian /etc/apt /root/.cache
! command -v python3 >/dev/null || python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash "$(python3 -c 'import os; print(os.path.dirname(os.__file__))')" || true
rm -rf /usr/bin/dpkg* /usr/share/dpkg /usr/sbin/dpkg* /etc/dpkg
