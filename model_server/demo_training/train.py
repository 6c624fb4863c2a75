"""Trains the built-in model: ``python -m model_server.demo_training.train --minutes 60 --output build/demo``.

The learning rate warms up, stays, and falls to zero in the last part of the given minutes. Progress is one line per
interval; the weights with the lowest held-out loss are kept in the output directory, in the form that
``MistralForCausalLM.from_pretrained`` reads. ``--resume`` goes on from that directory, also after the corpus changed.
"""

import argparse
import logging
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import MistralForCausalLM

from model_server.demo_training.batches import IGNORED, Batch, batches, collate, encode, tokenizer_texts
from model_server.demo_training.corpus.dialogue import dialogue
from model_server.demo_training.corpus.source import Source, Split
from model_server.demo_training.export import export_model, new_config
from model_server.demo_training.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer

logger = logging.getLogger("demo_training")

TOKENIZER_DIALOGUES = 20_000
HELD_OUT_DIALOGUES = 96
WARM_UP_STEPS = 50
MATRIX_MOMENTUM = 0.95


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run does. Rates are those of the stable phase."""

    output: Path
    minutes: float
    seed: int = 1
    tokens_per_batch: int = 6144
    learning_rate: float = 2e-3
    falling_share: float = 0.35
    interval_seconds: float = 60.0
    threads: int = 2
    is_resumed: bool = False

    def __post_init__(self) -> None:
        if self.minutes <= 0 or not 0 < self.falling_share <= 1:
            raise ValueError("minutes must be above 0, and the falling share above 0 and at most 1")

    def rate(self, step: int, elapsed_seconds: float) -> float:
        """Return the learning rate at a step and time of the run."""
        left = max(0.0, 1 - elapsed_seconds / (self.minutes * 60))
        return self.learning_rate * min(1.0, (step + 1) / WARM_UP_STEPS, left / self.falling_share)


def main() -> None:
    """Read the command line and train."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    plan = _plan_from_arguments()
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    tokenizer = _tokenizer(plan)
    model = _model(plan, tokenizer)
    logger.info("parameters=%d vocabulary=%d", sum(p.numel() for p in model.parameters()), tokenizer.get_vocab_size())
    train(plan, model, tokenizer)


def train(plan: Plan, model: MistralForCausalLM, tokenizer: Tokenizer) -> float:
    """Train until the time is over; return the lowest held-out loss, whose weights lie in the output directory."""
    model.train()
    optimizers = _optimizers(model, plan)
    held_out = _held_out(tokenizer)
    best = _held_out_loss(model, held_out) if plan.is_resumed else float("inf")
    started = reported = time.monotonic()
    tokens = 0
    for step, batch in enumerate(batches(tokenizer, Source(plan.seed), plan.tokens_per_batch)):
        elapsed = time.monotonic() - started
        is_over = elapsed >= plan.minutes * 60
        if is_over or time.monotonic() - reported > plan.interval_seconds:
            loss = _held_out_loss(model, held_out)
            logger.info(
                "minute=%.1f step=%d tokens=%d rate=%.5f held_out_loss=%.4f",
                elapsed / 60,
                step,
                tokens,
                plan.rate(step, elapsed),
                loss,
            )
            if loss < best:
                best = loss
                export_model(model, tokenizer, plan.output)
            reported = time.monotonic()
        if is_over:
            return best
        _set_rate(optimizers, plan.rate(step, elapsed))
        _learn(model, optimizers, batch)
        tokens += batch.ids.numel()
    return best


def _learn(model: MistralForCausalLM, optimizers: list[torch.optim.Optimizer], batch: Batch) -> None:
    """Take one step of every optimizer on a batch."""
    loss = batch_loss(model, batch)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def batch_loss(model: MistralForCausalLM, batch: Batch) -> torch.Tensor:
    """Return the mean loss over the learned tokens. Only these go through the output layer."""
    labels = batch.labels[:, 1:]
    chosen = labels != IGNORED
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(input_ids=batch.ids[:, :-1], use_cache=False).last_hidden_state
        logits = model.lm_head(hidden[chosen])
    return torch.nn.functional.cross_entropy(logits.float(), labels[chosen])


def _held_out(tokenizer: Tokenizer) -> list[Batch]:
    """Return the held-out conversations, always the same."""
    source = Source(7, Split.HELD_OUT)
    rows = sorted(
        (encode(tokenizer, dialogue(source)) for _ in range(HELD_OUT_DIALOGUES)), key=lambda row: len(row.ids)
    )
    return [collate(rows[start : start + 16]) for start in range(0, len(rows), 16)]


@torch.no_grad()
def _held_out_loss(model: MistralForCausalLM, held_out: list[Batch]) -> float:
    weights = [int((batch.labels != IGNORED).sum()) for batch in held_out]
    losses = [float(batch_loss(model, batch)) for batch in held_out]
    return sum(loss * weight for loss, weight in zip(losses, weights, strict=True)) / sum(weights)


def _optimizers(model: MistralForCausalLM, plan: Plan) -> list[torch.optim.Optimizer]:
    """Return Muon for the matrices inside the layers and AdamW for everything else."""
    rate = plan.learning_rate
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and ".layers." in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or ".layers." not in name]
    return [
        torch.optim.Muon(
            matrices, lr=rate, momentum=MATRIX_MOMENTUM, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _set_rate(optimizers: list[torch.optim.Optimizer], rate: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


def _tokenizer(plan: Plan) -> Tokenizer:
    """Return the tokenizer of the output directory when resuming, else a newly trained one."""
    if plan.is_resumed:
        return load_tokenizer(plan.output)
    tokenizer = train_tokenizer(tokenizer_texts(Source(plan.seed), TOKENIZER_DIALOGUES))
    save_tokenizer(tokenizer, plan.output)
    return tokenizer


def _model(plan: Plan, tokenizer: Tokenizer) -> MistralForCausalLM:
    if plan.is_resumed:
        model: MistralForCausalLM = MistralForCausalLM.from_pretrained(plan.output, dtype=torch.float32)
        return model
    return MistralForCausalLM(new_config(tokenizer.get_vocab_size()))


def _plan_from_arguments() -> Plan:
    parser = argparse.ArgumentParser(description="Train Twinstream's built-in model.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument(
        "--falling-share", type=float, default=0.35, help="last part of the time in which the rate falls"
    )
    parser.add_argument("--tokens-per-batch", type=int, default=6144)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on from the weights in the output directory")
    given = parser.parse_args()
    return Plan(
        output=given.output,
        minutes=given.minutes,
        seed=given.seed,
        tokens_per_batch=given.tokens_per_batch,
        learning_rate=given.learning_rate,
        falling_share=given.falling_share,
        threads=given.threads,
        is_resumed=given.resume,
    )


if __name__ == "__main__":
    main()
