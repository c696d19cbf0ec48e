#!/usr/bin/env python3
"""Times our step and PyTorch's in turn (ours, theirs, ours, theirs) and prints the ratios; loops on pictures likewise.

    python benches/compare.py --python ~/torch/bin/python              # CPU
    python benches/compare.py --python ~/torch/bin/python --device cuda --batch 256/256/10x100

The step: forward, backward and Adam on views that lie on the device; theirs at the fastest of its f32 settings.
End to end: pictures of one folder are loaded and augmented as well; ours from its cache of decoded frames, theirs with
torchvision in as many loader processes as is fastest, decoding every visit, and once more from decoded pictures in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

HERE = Path(__file__).resolve().parent


def say(text: str) -> None:
    print(text, flush=True)


def run(command: List[str]) -> Dict:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"this ended with {done.returncode}: {' '.join(command)}")
    return json.loads(done.stdout)


def program(given: str | None) -> str:
    """The release build, wherever cargo was told to put it."""
    target = os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")
    built = Path(target) / "release" / "visage"
    found = given or (str(built) if built.exists() else shutil.which("visage"))
    return found or sys.exit("there is no visage; build it with `cargo build --release`, or give --visage")


class Race:
    def __init__(self, args: argparse.Namespace, faces: str):
        self.args, self.faces = args, faces
        gpu = args.device != "cpu"
        sizes, pose = args.batch.rsplit("/", 1)
        recon, face = sizes.split("/")
        images, negatives = pose.lower().split("x")
        sets = [
            f"batch.recon={recon}",
            f"batch.face={face}",
            f"pose.batch_size={images}",
            f"pose.num_negatives={negatives}",
            f"model.width={args.width}",
            *args.sets,
        ]
        self.ours_command = [program(args.visage), "bench", "--preset", "paper", "--json", "--data", faces]
        self.ours_command += ["--device", args.ours_device or ("gpu" if gpu else "cpu")]
        self.ours_command += ["--steps", str(args.steps), "--warmup", str(args.warmup)]
        self.ours_command += [word for s in sets for word in ("--set", s)]
        self.peer_command = [args.python, str(HERE / "peer_torch.py"), "--json", "--device", args.device]
        self.peer_command += ["--batch", args.batch, "--width", str(args.width)]
        self.peer_command += ["--steps", str(args.steps), "--warmup", str(args.warmup)]

    def ours(self) -> Dict:
        return run(self.ours_command)

    def peer(self, *more: str) -> Dict:
        return run([*self.peer_command, *more])

    def fastest_flags(self) -> List[str]:
        if self.args.peer_flags is not None:
            return self.args.peer_flags.split()
        best = self.peer("--sweep")
        for tried in best["tried"]:
            say(f"  PyTorch {' '.join(tried['flags']) or 'plain':28s} {tried['step_ms']:10.1f} ms")
        return best["flags"]

    def fastest_loop(self, flags: List[str], *more: str) -> List[str]:
        """What to call the fastest of their loops on pictures with."""
        loop = [*flags, "--augment", self.faces, *more]
        best = self.peer(*loop)
        return [*loop, "--workers", str(best["workers"]), "--library", best["library"]]


def middle(results: List[Dict], key: str) -> float:
    return statistics.median(r[key] for r in results)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--visage", metavar="PATH", help="our program [default: the release build]")
    p.add_argument("--python", default=sys.executable, metavar="PATH", help="an interpreter that has torch")
    p.add_argument("--device", default="cpu", help="cpu or cuda, as torch calls it")
    p.add_argument("--ours-device", metavar="DEVICE", help="ours, if not the best GPU or the CPU")
    p.add_argument("--batch", default="16/16/2x8")
    p.add_argument("--width", type=float, default=1)
    p.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE", help="a setting of ours")
    p.add_argument("--steps", type=int, default=8)
    p.add_argument("--warmup", type=int, default=2)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--peer-flags", metavar="FLAGS", help="theirs, e.g. --peer-flags=--channels-last; found by trial without")
    p.add_argument("--faces", metavar="DIR", help="pictures of the loops; drawn for the occasion without")
    p.add_argument("--step-only", action="store_true", help="leave out the loops on pictures")
    p.add_argument("--json", metavar="FILE", help="write everything that was measured")
    args = p.parse_args()

    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 1:
        say(f"  something else is running (load {os.getloadavg()[0]:.1f}); these times will not mean much")
    with tempfile.TemporaryDirectory() as scratch:
        faces = args.faces or f"{scratch}/faces"
        if not args.faces:
            draw = [program(args.visage), "faces", "--identities", "8", "--layout", "rafdb", "--out", faces]
            subprocess.run(draw, check=True, stdout=subprocess.DEVNULL)
        race = Race(args, faces)
        flags = race.fastest_flags()
        ours, peers = [], []
        for _ in range(args.rounds):
            ours.append(race.ours())
            peers.append(race.peer(*flags))
            say(f"  step: ours {ours[-1]['train_ms']:10.1f} ms, PyTorch {peers[-1]['step_ms']:10.1f} ms")
        step, theirs = middle(ours, "train_ms"), middle(peers, "step_ms")
        say(f"Setting      {ours[0]['adapter']}, {ours[0]['config']}; torch {peers[0]['torch']} {' '.join(flags)}")
        say(f"Step         ours {step:.1f} ms, PyTorch {theirs:.1f} ms: {step / theirs:.2f}x")
        loops = {}
        for name, more in [] if args.step_only else [("decoding", []), ("in memory", ["--in-memory"])]:
            call = race.fastest_loop(flags, *more)
            pairs = [(race.ours(), race.peer(*call)) for _ in range(args.rounds)]
            mine, theirs = (middle(list(side), "end_to_end_ms") for side in zip(*pairs))
            loops[name] = pairs
            how = " ".join(call[call.index("--workers") :])
            each = ", ".join(f"{a['end_to_end_ms']:.0f}/{b['end_to_end_ms']:.0f}" for a, b in pairs)
            say(f"End to end   ours {mine:.1f} ms, PyTorch {name} ({how}) {theirs:.1f} ms: {mine / theirs:.2f}x ({each})")
        if args.json:
            everything = {"flags": flags, "ours": ours, "peer": peers, "loops": loops}
            Path(args.json).write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
