# What ./test and ./demo have in common; sourced by them from the top of the repository.
#
# prepare installs what is missing, unpacks ONNX Runtime into .deps/, and builds into build/. Each
# step looks first whether there is anything to do, so that a second run costs nothing.

packages="ca-certificates g++ cmake ninja-build pkg-config protobuf-compiler libprotobuf-dev
  libonnx-dev libsodium-dev libcli11-dev nlohmann-json3-dev libfmt-dev libexpected-dev zlib1g-dev
  libpng-dev libssl-dev doctest-dev libonnx-testdata"
ort_package=com.github.asus4.onnxruntime
ort_version=0.4.9  # ONNX Runtime 1.29
ort_sha256=e59788788818fdde1b2e522e766a21ba0f7d8391de55737abf81e32cc801785d

note() { echo "-- $*" >&2; }

die() {
  echo "error: $1" >&2
  if [ -n "${2-}" ]; then echo "hint: $2" >&2; fi
  exit 1
}

# Mirrors and registries are slow at times.
twice() { "$@" || { note "trying once more: $*"; sleep 5; "$@"; }; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
  local missing="" package
  for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  note "installing$missing"
  command -v apt-get >/dev/null ||
    die "not installed:$missing" "install them with your system's package manager"
  [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
    die "not installed:$missing" "run as root: apt-get install --no-install-recommends$missing"
  twice as_root apt-get update -q >&2 || note "the package lists could not be renewed"
  # shellcheck disable=SC2086
  twice as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends $missing >&2
}

have_onnxruntime() {
  [ -n "${ONNXRuntime_ROOT-}" ] || [ -e .deps/onnxruntime/lib/libonnxruntime.so ] ||
    compgen -G '/usr/lib/*/libonnxruntime.so' >/dev/null ||
    compgen -G '/usr/local/lib/libonnxruntime.so' >/dev/null
}

# A library for Linux and its headers, out of a package made for game engines: it is the one place
# where a package manager offers both.
fetch_onnxruntime() {
  local work=.deps/unpack
  rm -rf "$work"
  mkdir -p "$work/lib"
  (cd "$work" && twice npm pack --silent "$ort_package@$ort_version" >/dev/null) || return 1
  echo "$ort_sha256  $work/$ort_package-$ort_version.tgz" | sha256sum -c --quiet >&2 || return 1
  tar -xzf "$work"/*.tgz -C "$work" --wildcards 'package/Plugins/Linux/x64/libonnxruntime*.so' \
    '*/ios-arm64/onnxruntime.framework/Headers/*' package/LICENSE package/ThirdPartyNotices.txt
  mv "$work/package/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers" \
    "$work/include"
  mv "$work"/package/Plugins/Linux/x64/*.so "$work/lib/"
  mv "$work/lib/libonnxruntime.so" "$work/lib/libonnxruntime.so.1"  # its soname
  ln -s libonnxruntime.so.1 "$work/lib/libonnxruntime.so"
  mv "$work/package/LICENSE" "$work/package/ThirdPartyNotices.txt" "$work/"
  rm -rf "$work/package" "$work"/*.tgz .deps/onnxruntime
  mv "$work" .deps/onnxruntime
}

install_onnxruntime() {
  have_onnxruntime && return 0
  if [ -n "$(apt-cache search --names-only '^libonnxruntime-dev$' 2>/dev/null)" ]; then
    install_packages libonnxruntime-dev
  elif [ "$(uname -m)" = x86_64 ]; then
    command -v npm >/dev/null || install_packages npm
    note "fetching ONNX Runtime ($ort_package@$ort_version) into .deps/"
    fetch_onnxruntime || die "ONNX Runtime cannot be fetched" \
      "set ONNXRuntime_ROOT to an unpacked release of ONNX Runtime"
  else
    note "no ONNX Runtime for $(uname -m): building without it; set ONNXRuntime_ROOT to have it"
  fi
}

build() {
  local launcher="" log=build/configure.log
  mkdir -p build
  if command -v ccache >/dev/null; then launcher=ccache; fi
  cmake -S . -B build -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" >$log 2>&1 ||
    { cat $log >&2; die "cmake failed"; }
  cmake --build build -j "$(nproc)" >&2
}

prepare() {
  # shellcheck disable=SC2086
  install_packages $packages
  install_onnxruntime
  build
}
