#!/usr/bin/env python3
"""The peer of deploy/recipes/tinyshakespeare-char-lstm.json in PyTorch: the same network, initialisation, split, order, optimiser and schedule.

Usage: train_torch.py TEXT [--epochs 50] [--threads 2] [--seed 1] [--limit N] [--save lstm.safetensors]

Prints a line an epoch: nats per character of training and validation, bits per character of validation, and characters learnt from in a second, validation
not counted. Needs torch; `safetensors` for --save, whose file of the best epoch is a model that Posterior can serve and evaluate.
"""
import argparse
import json
import math
import time

import torch
from torch import nn

LENGTH, ROWS, HIDDEN, LAYERS = 50, 50, 128, 2
RATE, ALPHA, DECAY, DECAY_AFTER, CLIP = 0.002, 0.95, 0.97, 10, 5.0


class CharLSTM(nn.Module):
    def __init__(self, characters):
        super().__init__()
        self.characters = characters
        self.lstm = nn.LSTM(characters, HIDDEN, LAYERS)
        self.output = nn.Linear(HIDDEN, characters)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.08, 0.08)
        for layer in range(LAYERS):
            # The gates i, f, g and o.
            getattr(self.lstm, f"bias_ih_l{layer}").data[HIDDEN : 2 * HIDDEN] = 1

    def forward(self, codes, state):
        """codes: [steps, rows]; the code behind the last stands for nothing, an input of zeros."""
        inputs = nn.functional.one_hot(codes, self.characters + 1)[:, :, : self.characters].float()
        outputs, state = self.lstm(inputs, state)
        return self.output(outputs), state


def stream(pieces):
    """Batches [steps, rows] in which row b goes on where row b of the batch before it ended."""
    rows = min(ROWS, len(pieces))
    batches = len(pieces) // rows
    parts = pieces[: rows * batches].reshape(rows, batches, LENGTH)
    return [parts[:, batch].t().contiguous() for batch in range(batches)]


def losses(network, batches, step):
    """The mean loss over all characters; `step` learns from a batch's."""
    rows, total = batches[0].shape[1], 0.0
    state, last = None, torch.full((1, rows), network.characters)
    for batch in batches:
        logits, state = network(torch.cat([last, batch[:-1]]), state)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), batch.flatten())
        step(loss)
        state, last = tuple(part.detach() for part in state), batch[-1:]
        total += loss.item()
    return total / len(batches)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, help="at most so many pieces of 50 characters")
    parser.add_argument("--validation", type=int, default=1115, help="pieces held out, the last ones")
    parser.add_argument("--save")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)

    text = open(options.text, encoding="utf-8", newline="").read()
    vocabulary = sorted(set(text))
    places = {character: code for code, character in enumerate(vocabulary)}
    codes = torch.tensor([places[character] for character in text])
    pieces = codes[: len(codes) // LENGTH * LENGTH].reshape(-1, LENGTH)[: options.limit]
    end = len(pieces) - options.validation
    training, validation = stream(pieces[:end]), stream(pieces[end:])

    network = CharLSTM(len(vocabulary))
    optimiser = torch.optim.RMSprop(network.parameters(), lr=RATE, alpha=ALPHA)
    print(f"torch {torch.__version__}: {sum(p.numel() for p in network.parameters())} parameters, {end} pieces, {options.validation} held out, "
          f"{options.threads} threads", flush=True)

    def learn(loss):
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(network.parameters(), CLIP)
        optimiser.step()

    best = math.inf
    for epoch in range(options.epochs):
        for group in optimiser.param_groups:
            group["lr"] = RATE * DECAY ** max(0, epoch - DECAY_AFTER + 1)
        network.train()
        start = time.perf_counter()
        learnt = losses(network, training, learn)
        seconds = time.perf_counter() - start
        network.eval()
        with torch.no_grad():
            held = losses(network, validation, lambda loss: None)
        if held < best:
            best = held
            if options.save:
                from safetensors.torch import save_file

                description = {
                    "format": 1, "family": "char_lstm", "configuration": {"hidden": HIDDEN, "layers": LAYERS},
                    "signature": {"kind": "tokens", "vocabulary": vocabulary, "at_most": 10_000},
                }
                save_file(network.state_dict(), options.save, metadata={"posterior": json.dumps(description)})
        speed = len(training) * training[0].numel() / seconds
        print(f"epoch {epoch + 1}/{options.epochs}  nats_per_character {learnt:.4f}  validation nats_per_character {held:.4f}  "
              f"bits_per_character {held / math.log(2):.4f}  {speed:.0f} characters/s", flush=True)
    print(f"best validation: {best:.4f} nats per character, {best / math.log(2):.4f} bits")


if __name__ == "__main__":
    main()
