#!/bin/sh
# The steps of the Dockerfile that install. Network is used by `fetch` alone; the others take what it has fetched.
set -eu

uv=/opt/uv/bin/uv
home=/opt/freehold
bom=/opt/bom

install() { # install PYTHON ARGUMENT...: what the arguments name, as requirements.lock pins it
  python=$1
  shift
  "$uv" pip install --quiet --python "$python" --require-hashes --constraint requirements.lock "$@"
}

packages_of() { # packages_of PYTHON EXTRA: what one image needs
  install "$1" --requirement pyproject.toml --extra "$2" --extra traces
}

compile() { # the same source gives the same bytecode, and no start looks at the source's time
  python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash "$1"
}

case $1 in
fetch)
  "$uv" venv --quiet "$bom"
  install "$bom/bin/python" --requirement pyproject.toml --extra images
  for extra in functions relay connector scheduler; do
    "$uv" venv --quiet "/tmp/$extra"
    packages_of "/tmp/$extra/bin/python" "$extra"
    rm -r "/tmp/$extra"
  done
  ;;
into)
  export UV_OFFLINE=1
  "$uv" venv --quiet "$home"
  packages_of "$home/bin/python" "$2"
  "$bom/bin/cyclonedx-py" environment "$home/bin/python" --pyproject pyproject.toml --mc-type application \
    --output-reproducible --output-file "$home/sbom.cdx.json"
  compile "$home/lib"
  ;;
library)
  UV_OFFLINE=1 "$uv" pip install --quiet --no-deps --target /srv/freehold .
  ;;
compile)
  compile "$2"
  ;;
esac
