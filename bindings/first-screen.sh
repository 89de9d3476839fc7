#!/usr/bin/env bash
# first-screen.sh LANGUAGE FILE MODEL [COMMAND]: does what the README of the folder says, in
# a folder outside of the checkout. The first block of LANGUAGE is written to FILE; the
# commands of the first console block are typed, and the last must print what stands below
# it; so must COMMAND after it. STELE is the checkout, as READMEs have it; MODEL takes the
# place of its model.
set -euo pipefail
language=$1 file=$2 model=$3 again=${4:-}

block() { awk -v fence="\`\`\`$1" '$0 == "```" && inside { exit } inside; $0 == fence { inside = 1 }' README.md; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
block "$language" > "$folder/$file"
block console | grep -v '^\$ ' > "$folder/expected"
block console | sed -n 's/^\$ //p' | sed "s|\$STELE/build/models/digits/saved_model|$model|" > "$folder/commands"
sed -i '$ s|$| > printed|' "$folder/commands"

export STELE
STELE=$(cd ../.. && pwd)
cd "$folder"
# Nothing of the make that runs this is the user's.
unset MAKEFLAGS MAKELEVEL MFLAGS PKG_CONFIG_PATH BUILD
bash -euo pipefail commands > log 2>&1 || { cat log >&2; exit 1; }
diff expected printed
[ -z "$again" ] || $again 2> log | diff expected -
