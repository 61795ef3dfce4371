# shellcheck shell=bash
# To be sourced: puts the cargo-deny that every check here is made with on the PATH, and builds it if it is not there.

cargo_deny=0.20.2
tools="${HOME:?}/.cache/jangteo-ci/cargo-deny-$cargo_deny"

PATH="$tools/bin:$PATH"
if [ "$(cargo deny --version 2>/dev/null)" != "cargo-deny $cargo_deny" ]; then
  cargo install cargo-deny --version "$cargo_deny" --locked --debug --root "$tools"
fi
