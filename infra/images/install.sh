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

compile() { # the same source gives the same bytecode, and no start looks at the source's time
  python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash "$1"
}

case $1 in
fetch)
  "$uv" venv --quiet "$bom"
  install "$bom/bin/python" --requirement pyproject.toml --extra images
  "$uv" venv --quiet /tmp/all
  install /tmp/all/bin/python --requirement pyproject.toml \
    --extra functions --extra papers --extra relay --extra connector --extra scheduler --extra traces
  rm -r /tmp/all
  ;;
into)
  export UV_OFFLINE=1
  "$uv" venv --quiet "$home"
  shift
  for extra in "$@"; do set -- "$@" --extra "$extra"; shift; done
  install "$home/bin/python" --requirement pyproject.toml "$@" --extra traces
  # Razorpay's library names it, and asks for it only where Python itself cannot say a version
  "$uv" pip uninstall --quiet --python "$home/bin/python" setuptools
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
