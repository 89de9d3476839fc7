# pkg-config.sh PACKAGE: the flags for C and for the linker, as dune includes them. Dune
# knows nothing of headers outside: their checksum makes it compile anew when they change.
set -eu
headers=$(cat "$(pkg-config --variable=includedir "$1")"/stele*.h | cksum | tr -d ' ')
echo "($(pkg-config --cflags "$1") -DSTELE_HEADERS=$headers)" > c_flags.sexp
echo "($(pkg-config --libs "$1"))" > c_library_flags.sexp
