#!/usr/bin/env bash
# char_lstm beside PyTorch's LSTM, one after the other on the same text. Usage: run.sh POSTERIOR TEXT [EPOCHS] [THREADS]
#
# TEXT is tinyshakespeare (karpathy/char-rnn, data/tinyshakespeare/input.txt). PYTHON names an interpreter with torch; without one PyTorch is left out.
set -euo pipefail
posterior=$(realpath "$1") text=$(realpath "$2") epochs=${3:-50} threads=${4:-2}
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Items are pieces of 50 characters.
"$posterior" train "$here/../../recipes/tinyshakespeare-char-lstm.json" --data "$text" --epochs "$epochs" --threads "$threads" --no-record \
  -o "$work/model.safetensors" 2>&1 | awk '{ for (i = 2; i <= NF; i++) if ($i == "items/s") { $(i - 1) = 50 * $(i - 1); $i = "characters/s" } print; fflush() }'

# The held-out characters read as one text from a state of nothing, as a client would have them scored.
characters=$(wc -m <"$text")
tail -c "$((characters - (characters / 50 - 1115) * 50))" "$text" >"$work/held-out.txt"
"$posterior" evaluate "$work/model.safetensors" --data "$work/held-out.txt" --no-record

python=${PYTHON:-python3}
if "$python" -c 'import torch' 2>/dev/null; then
  "$python" "$here/train_torch.py" "$text" --epochs "$epochs" --threads "$threads"
else
  echo "no PyTorch: set PYTHON to an interpreter that has it" >&2
fi
