#!/bin/sh
# Installs the official package into a folder and compiles its two source files
# against TensorFlow's wheel. Its own install script would download a library of
# TensorFlow 2.9 and a binary made for that.
#
#   build.sh FOLDER TENSORFLOW    (the prefix that `stele libtensorflow` makes)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
tensorflow=$(cd "$2" && pwd)

mkdir -p "$folder"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder/"
cd "$folder"
npm ci --silent

cd node_modules/@tensorflow/tfjs-node
rm -rf deps
ln -s "$tensorflow" deps # where the package looks for include/ and lib/
mkdir -p lib/napi-v8
"${CXX:-c++}" -std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 \
  -I. -Ideps/include -I"$folder/node_modules/node-api-headers/include" \
  binding/tfjs_backend.cc binding/tfjs_binding.cc -o lib/napi-v8/tfjs_binding.node \
  -Ldeps/lib -ltensorflow -ltensorflow_framework '-Wl,-rpath,$ORIGIN/../../deps/lib'
