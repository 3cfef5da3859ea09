#!/bin/sh
# Does this machine have what DataCore needs? Names what is missing, with one line that installs it.
#
#   doctor.sh [--local] [--tests] [--install]
#
# --local    look for the local servers, too: those that production has
# --tests    look for what the tests need, too, the local servers among it
# --install  install what is missing, where that is possible without a question
#
# The programs come with the Python packages; here are the few things that Python cannot bring.
# It runs before anything is installed, so it uses nothing but the shell and what every Debian has.
set -u

PATH="$PATH:/usr/sbin:/sbin"
PYTHON="${PYTHON:-python3.11}"
SYSTEM_ROOT="${SYSTEM_ROOT:-}"   # another one in the tests of this script
local=no
tests=no
install=no
for option in "$@"; do
    case "$option" in
        --local) local=yes ;;
        --tests) local=yes; tests=yes ;;
        --install) install=yes ;;
        *) echo "doctor: unknown option $option" >&2; exit 2 ;;
    esac
done

packages=""   # what apt can install
hopeless=no   # what it cannot

lacks() {     # lacks WHAT PACKAGE
    echo "missing: $1" >&2
    case " $packages " in *" $2 "*) ;; *) packages="$packages $2" ;; esac
}

cannot() {    # cannot WHY
    echo "not possible here: $1" >&2
    hopeless=yes
}

has() { command -v "$1" >/dev/null 2>&1; }

has_library() { ldconfig -p 2>/dev/null | grep -qF "$1 "; }

check_machine() {
    system="$(uname -sm)"
    [ "$system" = "Linux x86_64" ] || cannot "the servers are built for Linux x86_64, this is $system"
    if [ -r /proc/cpuinfo ] && ! grep -qw avx /proc/cpuinfo; then
        cannot "MongoDB needs a processor with AVX"
    fi
}

check_python() {
    if ! has "$PYTHON"; then
        lacks "$PYTHON (another Python from 3.11 to 3.13 is taken with PYTHON=...)" python3.11
        lacks "venv, a part of Python that Debian packs apart" python3.11-venv
        return
    fi
    if ! "$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'; then
        cannot "$PYTHON is $("$PYTHON" -V 2>&1), it must be 3.11 to 3.13; choose one with PYTHON=..."
    elif ! "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null; then
        lacks "venv, a part of Python that Debian packs apart" \
            "$("$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
}

check_programs() {
    has make || lacks "make" make
    has setpriv || lacks "setpriv" util-linux
}

check_libraries() {   # those that mongod links
    has_library libcurl.so.4 || lacks "libcurl.so.4 (for MongoDB)" libcurl4
    has_library libldap-2.5.so.0 || lacks "libldap-2.5.so.0 (for MongoDB)" libldap-2.5-0
    has_library libssl.so.3 || lacks "libssl.so.3 (for MongoDB)" libssl3
    has_library liblzma.so.5 || lacks "liblzma.so.5 (for MongoDB)" liblzma5
    has_library libgcc_s.so.1 || lacks "libgcc_s.so.1 (for MongoDB)" libgcc-s1
}

has_file() { for file in "$@"; do [ -e "$file" ] && return; done; return 1; }

check_local_servers() {
    has_file "$SYSTEM_ROOT"/usr/lib/postgresql/*/bin/postgres || lacks "PostgreSQL" postgresql
    has_file "$SYSTEM_ROOT/usr/bin/redis-server" || lacks "redis-server" redis-server
    has_file "$SYSTEM_ROOT/usr/lib/rabbitmq/bin/rabbitmq-server" || lacks "rabbitmq-server" rabbitmq-server
}

check_for_tests() {
    has chromium || lacks "chromium, the browser of the page's test" chromium
    has curl || lacks "curl, which sends files by links" curl
    has jq || lacks "jq, which reads those links" jq
}

install_packages() {
    if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo -n"; fi
    # shellcheck disable=SC2086 # lists of words
    $as_root true 2>/dev/null || return 1
    # Debian starts a server as soon as it is installed, unless this file says no. Ours are processes
    # of our own, on ports of their own.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod +x "$policy"
        # shellcheck disable=SC2064 # as it is now
        trap "$as_root rm -f $policy" EXIT
    fi
    # shellcheck disable=SC2086
    $as_root apt-get update -qq \
        && $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $packages
}

check_machine
check_python
check_programs
check_libraries
[ "$local" = no ] || check_local_servers
[ "$tests" = no ] || check_for_tests

[ "$hopeless" = no ] || exit 1
if [ -z "$packages" ]; then
    echo "This machine has what DataCore needs ($("$PYTHON" -V 2>&1), kernel $(uname -r))."
    exit 0
fi
if [ "$install" = yes ] && install_packages; then
    echo "Installed:$packages"
    exit 0
fi
if [ "$(id -u)" = 0 ]; then sudo=""; else sudo="sudo "; fi
echo "Install what is missing with this line, then try again:" >&2
echo >&2
echo "    ${sudo}apt-get install -y$packages" >&2
exit 1
