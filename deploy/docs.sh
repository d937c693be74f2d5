#!/usr/bin/env bash
# Builds the documentation as a site in .build/site; a link that leads nowhere is an error.
# Usage: deploy/docs.sh             builds the site
#        deploy/docs.sh manual      writes the manual page and the completions of bash, zsh and fish to .build/manual
#        deploy/docs.sh reference   brings the generated tables of deploy/docs/reference up to date; POSTERIOR names the program (the release build) of both
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = reference ]; then
  exec python3 Tests/docs/reference.py "${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}" --write
fi
if [ "${1:-}" = manual ]; then
  exec python3 Tests/docs/manual.py "${POSTERIOR:-$(swift build -c release --show-bin-path)/posterior}" .build/manual
fi
mkdocs=.build/docs/bin/mkdocs
if [ ! -x "$mkdocs" ]; then
  python3 -m venv .build/docs
  .build/docs/bin/pip install -q 'mkdocs-material>=9.5,<10'
fi
NO_MKDOCS_2_WARNING=1 "$mkdocs" build --strict --quiet --config-file deploy/mkdocs.yml
echo "open .build/site/index.html"
