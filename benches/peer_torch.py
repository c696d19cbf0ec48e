#!/usr/bin/env python3
"""The joint PCL training step in PyTorch, to time ours against.

The network, losses and update of preset `paper`: encoder with two subnets, projection heads, reconstruction network,
L_dis, L_orth, L_face and L_pose with interpolated negatives, one Adam update.  Needs torch, and torchvision for
`--augment`.

    python peer_torch.py                              # the step on random numbers
    python peer_torch.py --sweep                      # the fastest of its f32 settings
    python peer_torch.py --augment DIR --workers 1    # a loop that also loads and augments pictures

All images are NCHW, RGB, in [0, 1].
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1  # negative slope of every leaky ReLU in the encoder
TAU = 0.07
SIDE = 64  # of a training image, in pixels
NOISE_STD = 0.4
BETA = 1.6  # of the factors that interpolate negatives
ALPHA_POSE, ALPHA_FACE = 0.8, 1.2

# ------------------------------------------------------------------------------------------ network


def lrelu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)


def conv(cin: int, cout: int, k: int = 3, s: int = 1) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, k, stride=s, padding=k // 2)


class ChannelAttention(nn.Module):
    """Residual C x C attention: y = lrelu(x + (Phi Theta^T) G)."""

    def __init__(self, channels: int):
        super().__init__()
        self.g = conv(channels, channels, 1)
        self.theta = conv(channels, channels, 1)
        self.phi = conv(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        g = self.g(x).flatten(2).softmax(dim=1)
        theta = self.theta(x).flatten(2).softmax(dim=2)
        phi = self.phi(x).flatten(2)
        mix = torch.matmul(torch.matmul(phi, theta.transpose(1, 2)), g)
        return lrelu(x + mix.view_as(x))


class ResidualBlock(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.conv1 = conv(channels, channels)
        self.conv2 = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return lrelu(self.conv2(lrelu(self.conv1(x))) + x)


class Trunk(nn.Module):
    """Layers 1-10 with A1, A2, R1, R2."""

    def __init__(self, b: int):
        super().__init__()
        self.layer1 = conv(3, b, 7, 2)
        self.layer2 = conv(b, b)
        self.layer3 = conv(b, b)
        self.A1 = ChannelAttention(b)
        self.layer4 = conv(b, b)
        self.layer5 = conv(b, 2 * b, s=2)
        self.A2 = ChannelAttention(2 * b)
        self.layer6 = conv(2 * b, 2 * b)
        self.R1 = ResidualBlock(2 * b)
        self.R2 = ResidualBlock(2 * b)
        self.layer7 = conv(2 * b, 2 * b, s=2)
        self.layer8 = conv(2 * b, 2 * b)
        self.layer9 = conv(2 * b, 4 * b, s=2)
        self.layer10 = conv(4 * b, 4 * b)

    def forward(self, x: Tensor) -> Tensor:
        x = lrelu(self.layer1(x))
        x = lrelu(self.layer2(x))
        x = self.A1(lrelu(self.layer3(x)))
        x = lrelu(self.layer4(x))
        x = self.A2(lrelu(self.layer5(x)))
        x = lrelu(self.layer6(x))
        x = self.R2(self.R1(x))
        x = lrelu(self.layer7(x))
        x = lrelu(self.layer8(x))
        x = lrelu(self.layer9(x))
        return lrelu(self.layer10(x))


class Subnet(nn.Module):
    def __init__(self, b: int):
        super().__init__()
        self.conv1 = conv(4 * b, 2 * b)
        self.conv2 = conv(2 * b, 2 * b)

    def forward(self, x: Tensor) -> Tensor:
        return lrelu(self.conv2(lrelu(self.conv1(x)))).flatten(1)


class ProjectionHead(nn.Module):
    def __init__(self, din: int, dout: int):
        super().__init__()
        self.linear1 = nn.Linear(din, din)
        self.linear2 = nn.Linear(din, dout)
        self.bn = nn.BatchNorm1d(dout)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.linear2(F.relu(self.linear1(x))))


def upsample2(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class UpBlock(nn.Module):
    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.conv = conv(cin, cout)
        self.bn = nn.BatchNorm2d(cout)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(upsample2(F.relu(x))))


class Decoder(nn.Module):
    """D: code (n, din) -> image (n, 3, 64, 64) in (-1, 1)."""

    def __init__(self, din: int, b: int):
        super().__init__()
        self.fc = nn.Linear(din, 8 * b)
        widths = [8 * b, 4 * b, 4 * b, 4 * b, 4 * b, 2 * b]
        self.blocks = nn.Sequential(*(UpBlock(i, o) for i, o in itertools.pairwise(widths)))
        self.out = conv(2 * b, 3)

    def forward(self, v: Tensor) -> Tensor:
        x = self.blocks(self.fc(v)[:, :, None, None])
        return torch.tanh(self.out(upsample2(F.relu(x))))


def init_encoder_(module: nn.Module) -> None:
    """Normal(0, sqrt(2 / (k*k*out))) for every convolution weight, zero biases."""
    for m in module.modules():
        if isinstance(m, nn.Conv2d):
            fan_out = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
            nn.init.normal_(m.weight, 0.0, math.sqrt(2.0 / fan_out))
            nn.init.zeros_(m.bias)


# ------------------------------------------------------------------------------------------- losses


def full_precision(x: Tensor) -> Tensor:
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def combine(face: Tensor, pose: Tensor) -> Tensor:
    v = face + pose
    return v / v.norm(dim=1, keepdim=True).clamp_min(1e-12)


def centre_unit(x: Tensor) -> Tensor:
    """Subtract the batch mean, divide each row by its (constant) norm."""
    x = x - x.mean(dim=0, keepdim=True)
    return x / (x.norm(dim=1, keepdim=True).detach() + 1e-6)


def l_orth(face: Tensor, pose: Tensor) -> Tensor:
    """Mean square of the cross-correlation, by two Gram matrices."""
    x, y = centre_unit(full_precision(face)), centre_unit(full_precision(pose))
    return ((x @ x.t()) * (y @ y.t())).sum() / x.shape[1] ** 2


def face_negative_index(n2: int, device: torch.device) -> Tensor:
    """Row a: every index in ascending order except a and its positive: (2N, 2N-2)."""
    half = n2 // 2
    a = torch.arange(n2, device=device)[:, None] % half
    k = torch.arange(n2 - 2, device=device)[None, :]
    return k + (k >= a) + (k + 1 >= a + half)


def l_face(z: Tensor, lam: Tensor, perm: Tensor) -> Tensor:
    """z: (2N, d), rows k and k+N are positives; lam: (2N, 2N-2); perm: (2N-2,).  On the Gram matrix."""
    z = full_precision(z)
    half = z.shape[0] // 2
    idx = face_negative_index(z.shape[0], z.device)
    gram = z @ z.t()
    sq = gram.diagonal()
    norm = sq.sqrt().clamp_min(1e-12)
    jdx = idx[:, perm]
    mu = 1 - lam
    mixed = lam * gram.gather(1, idx) + mu * gram.gather(1, jdx)
    mixed_sq = lam.square() * sq[idx] + mu.square() * sq[jdx] + 2 * lam * mu * gram[idx, jdx]
    neg = mixed / (norm[:, None] * mixed_sq.clamp_min(1e-24).sqrt())
    pos = gram.diagonal(half) / (norm[:half] * norm[half:])
    logits = torch.cat([torch.cat([pos, pos])[:, None], neg], dim=1) / TAU
    return (logits.logsumexp(1) - logits[:, 0]).mean()


def l_pose(pos: Tensor, neg: Tensor, lam: Tensor, perm: Tensor) -> Tensor:
    """pos: (2B, d), rows b and b+B are the two views of image b; neg: (B, M, d); lam: (B, M); perm: (M,)."""
    pos, neg = full_precision(pos), full_precision(neg)
    neg = lam[..., None] * neg + (1 - lam)[..., None] * neg[:, perm]
    unit = F.normalize(pos, dim=1, eps=1e-12)
    views = unit.view(2, -1, pos.shape[1])
    p = (views[0] * views[1]).sum(1).repeat(2) / TAU
    q = torch.einsum("vbd,bmd->vbm", views, F.normalize(neg, dim=2, eps=1e-12)).flatten(0, 1) / TAU
    return (torch.cat([p[:, None], q], dim=1).logsumexp(1) - p).mean()


@dataclass
class Batch:
    s: Tensor  # (N, 3, 64, 64); its flip is the other half of the reconstruction stream
    face: Tensor  # (2N, 3, 64, 64): all first views, then all second ones
    pose: Tensor  # (2B + B*M, 3, 64, 64): first views, second views, negatives image by image
    noise: Optional[Tensor] = None  # (2N, 3, 64, 64), already scaled
    face_lam: Optional[Tensor] = None
    face_perm: Optional[Tensor] = None
    pose_lam: Optional[Tensor] = None
    pose_perm: Optional[Tensor] = None


class PCL(nn.Module):
    def __init__(self, width: float = 1.0):
        super().__init__()
        b = round(64 * width)
        code = 2 * b * 16
        self.trunk = Trunk(b)
        self.g_f = Subnet(b)
        self.g_p = Subnet(b)
        for part in (self.trunk, self.g_f, self.g_p):
            init_encoder_(part)
        self.h_f = ProjectionHead(code, 8 * b)
        self.h_p = ProjectionHead(code, 8 * b)
        self.D = Decoder(code, b)

    def losses(self, b: Batch, pose_images: int) -> Dict[str, Tensor]:
        """The terms of the objective.  The trunk runs once over the images of all streams."""
        s_hat = b.s.flip(3)
        ins = [torch.cat([b.s, s_hat]) + b.noise, b.face, b.pose]
        recon, face, pose = self.trunk(torch.cat(ins)).split([x.shape[0] for x in ins])

        ff, ff_hat = self.g_f(recon).chunk(2)
        fp, fp_hat = self.g_p(recon).chunk(2)
        out = {}
        # Each term normalises with its own batch statistics.
        for name, f, p, target in (
            ("t2", ff, fp_hat, s_hat),
            ("t3", ff_hat, fp, b.s),
            ("t1", ff, fp, b.s),
            ("t4", ff_hat, fp_hat, s_hat),
        ):
            out[name] = (full_precision(self.D(combine(f, p))) - target).abs().mean()
        out["orth"] = l_orth(ff, fp) + l_orth(ff_hat, fp_hat)
        out["face"] = ALPHA_FACE * l_face(self.h_f(self.g_f(face)), b.face_lam, b.face_perm)
        z = self.h_p(self.g_p(pose))
        positives, negatives = z[: 2 * pose_images], z[2 * pose_images :]
        negatives = negatives.view(pose_images, -1, z.shape[1])
        out["pose"] = ALPHA_POSE * l_pose(positives, negatives, b.pose_lam, b.pose_perm)
        return out


# --------------------------------------------------------------------------------------- one setting


@dataclass(frozen=True)
class Sizes:
    recon: int
    face: int
    pose: int
    negatives: int

    @staticmethod
    def parse(text: str) -> "Sizes":
        recon, face, pose = text.split("/")
        images, negatives = pose.lower().split("x")
        return Sizes(int(recon), int(face), int(images), int(negatives))

    def encoded(self) -> int:
        return 2 * self.recon + 2 * self.face + self.pose * (2 + self.negatives)


class Peer:
    """Network, optimiser and everything that is drawn on the device, at one setting."""

    def __init__(self, args: argparse.Namespace):
        self.device = torch.device(args.device)
        self.cuda = self.device.type == "cuda"
        self.sizes = Sizes.parse(args.batch)
        self.format = torch.channels_last if args.channels_last else torch.contiguous_format
        torch.manual_seed(0)
        torch.backends.cuda.matmul.allow_tf32 = args.tf32
        torch.backends.cudnn.allow_tf32 = args.tf32
        torch.backends.cudnn.benchmark = True
        self.model = PCL(args.width).to(device=self.device, memory_format=self.format).train()
        # One kernel per parameter list is the fastest there is on either device.
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-4, weight_decay=1e-3, fused=True)
        self.amp = {"none": None, "bf16": torch.bfloat16, "fp16": torch.float16}[args.amp]
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.amp is torch.float16)
        self.beta = torch.distributions.Beta(
            torch.full((), BETA, device=self.device), torch.full((), BETA, device=self.device), validate_args=False
        )

        def objective(batch: Batch) -> Tensor:
            return sum(self.model.losses(batch, self.sizes.pose).values())

        self.objective: Callable[[Batch], Tensor] = objective
        if args.compile:
            self.objective = torch.compile(objective, mode=None if args.compile == "default" else args.compile)

    def sync(self) -> None:
        if self.cuda:
            torch.cuda.synchronize(self.device)

    def to_device(self, x: Tensor) -> Tensor:
        return x.to(self.device, non_blocking=True).contiguous(memory_format=self.format)

    def random_batch(self) -> Batch:
        n = self.sizes
        counts = (n.recon, 2 * n.face, n.pose * (2 + n.negatives))
        return Batch(*(self.to_device(torch.rand(count, 3, SIDE, SIDE)) for count in counts))

    def drawn(self, b: Batch) -> Batch:
        """With fresh noise, interpolation factors and permutations."""
        n, k = 2 * self.sizes.face, 2 * self.sizes.face - 2
        pose = (self.sizes.pose, self.sizes.negatives)
        noise = torch.randn((2 * self.sizes.recon, 3, SIDE, SIDE), device=self.device)
        return replace(
            b,
            noise=noise.mul_(NOISE_STD),
            face_lam=self.beta.sample((n, k)),
            face_perm=torch.randperm(k, device=self.device),
            pose_lam=self.beta.sample(pose),
            pose_perm=torch.randperm(pose[1], device=self.device),
        )

    def step(self, batch: Batch) -> Tensor:
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, dtype=self.amp or torch.bfloat16, enabled=self.amp is not None):
            loss = self.objective(self.drawn(batch))
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return loss.detach()


def spread(times: List[float]) -> Dict[str, float]:
    middle = statistics.median(times)
    return {
        "median": middle,
        "min": min(times),
        "max": max(times),
        "mad": statistics.median(abs(t - middle) for t in times),
    }


def time_step(args: argparse.Namespace) -> Dict[str, object]:
    """The step on the same random numbers, the device waited for after every one."""
    peer = Peer(args)
    batch = peer.random_batch()
    for _ in range(max(args.warmup, 1)):
        loss = peer.step(batch)
    peer.sync()
    if peer.cuda:
        torch.cuda.reset_peak_memory_stats(peer.device)
    times = []
    for _ in range(args.steps):
        start = time.perf_counter()
        loss = peer.step(batch)
        peer.sync()
        times.append(1e3 * (time.perf_counter() - start))
    ms = spread(times)
    result = {
        "step_ms": ms["median"],
        "step_spread_ms": ms,
        "images_per_step": peer.sizes.encoded(),
        "images_per_s": 1e3 * peer.sizes.encoded() / ms["median"],
        "loss": float(loss),
    }
    if peer.cuda:
        result["peak_bytes"] = torch.cuda.max_memory_allocated(peer.device)
    return result


# ----------------------------------------------------------------------------------- pictures, views


def gradient(image: Tensor) -> Tensor:
    """Central-difference magnitude of luma, three equal channels: u8 (3, H, W) to u8."""
    weights = torch.tensor([65.738, 129.057, 25.064]).view(3, 1, 1) / (256 * 255)
    y = F.pad((image.float() * weights).sum(0, keepdim=True), (1, 1, 1, 1))
    gx = y[..., 1:-1, 2:] - y[..., 1:-1, :-2]
    gy = y[..., 2:, 1:-1] - y[..., :-2, 1:-1]
    m = (gx.square() + gy.square() + 1e-6).sqrt().clamp(max=1.0)
    return (255 * m).round().to(torch.uint8).expand_as(image)


def quadrant_boxes(h: int, w: int) -> Iterator[Tuple[int, int, int, int]]:
    """(top, left, height, width) of two crops, 40 % of a side, from two different quadrants."""
    bh, bw = int(0.2 * h), int(0.2 * w)
    for quadrant in random.sample(range(4), 2):
        y = random.randint(bh, h // 2 - bh) + (h // 2 if quadrant >= 2 else 0)
        x = random.randint(bw, w // 2 - bw) + (w // 2 if quadrant % 2 else 0)
        yield min(y - bh, h - 2 * bh), min(x - bw, w - 2 * bw), 2 * bh, 2 * bw


class StepViews(torch.utils.data.Dataset):
    """Item k: the three streams of one step, each from random pictures, as a loader's worker makes them."""

    def __init__(self, files: List[Path], sizes: Sizes, steps: int, library: str, in_memory: bool):
        from torchvision.transforms import v2

        self.files, self.sizes, self.steps, self.library = files, sizes, steps, library
        to_tensor = [v2.ToImage()] if library == "pil" else []
        self.plain = v2.Compose([v2.Resize((SIDE, SIDE), antialias=True), *to_tensor])
        self.augmented = v2.Compose(
            [
                v2.Resize((SIDE, SIDE), antialias=True),
                v2.RandomApply([v2.ColorJitter(0.8, 0.8, 0.8, 0.2)], p=0.8),
                v2.RandomGrayscale(p=0.2),
                *to_tensor,
                v2.RandomApply([v2.GaussianBlur(7, (0.1, 2.0))], p=0.8),
                v2.RandomApply([v2.Lambda(gradient)], p=0.6),
            ]
        )
        self.memory = [self.decode(file) for file in files] if in_memory else None

    def __len__(self) -> int:
        return self.steps

    def decode(self, file: Path):
        from PIL import Image
        from torchvision.transforms.v2 import functional as TF

        picture = Image.open(file).convert("RGB")
        return picture if self.library == "pil" else TF.pil_to_tensor(picture)

    def picture(self):
        at = random.randrange(len(self.files))
        return self.memory[at] if self.memory else self.decode(self.files[at])

    def __getitem__(self, step: int) -> Tuple[Tensor, Tensor, Tensor]:
        from torchvision.transforms.v2 import functional as TF

        random.seed(step)
        torch.manual_seed(step)
        recon = [self.plain(self.picture()) for _ in range(self.sizes.recon)]
        pairs = []
        for _ in range(self.sizes.face):
            picture = self.picture()
            h, w = TF.get_size(picture)
            pairs.append([self.augmented(TF.crop(picture, *box)) for box in quadrant_boxes(h, w)])
        first, second, negatives = [], [], []
        for _ in range(self.sizes.pose):
            picture = self.picture()
            first.append(self.augmented(picture))
            second.append(self.augmented(picture))
            mirrored = TF.horizontal_flip(picture)
            negatives += [self.augmented(mirrored) for _ in range(self.sizes.negatives)]
        face = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
        return tuple(torch.stack([torch.as_tensor(v) for v in views]) for views in (recon, face, first + second + negatives))


def pictures(folder: str) -> List[Path]:
    kinds = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
    files = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in kinds)
    if not files:
        sys.exit(f"there is no picture in {folder}; `visage faces --identities 8 --out {folder}` draws some")
    return files


def time_loop(args: argparse.Namespace, workers: int, library: str, in_memory: bool) -> Dict[str, object]:
    """A training loop on pictures: load, augment, step.  Its time per step, everything included."""
    peer = Peer(args)
    total = args.warmup + args.steps
    data = StepViews(pictures(args.augment), peer.sizes, total, library, in_memory)
    loader = torch.utils.data.DataLoader(
        data, batch_size=None, num_workers=workers, prefetch_factor=2 if workers else None, pin_memory=peer.cuda
    )
    start, waited = time.perf_counter(), 0.0
    batches = iter(loader)
    for at in range(total):
        if at == args.warmup:
            peer.sync()
            start, waited = time.perf_counter(), 0.0
        asked = time.perf_counter()
        streams = next(batches)
        waited += time.perf_counter() - asked
        # Bytes go to the device, numbers are made there.
        peer.step(Batch(*(peer.to_device(peer.to_device(x).float().div_(255)) for x in streams))).item()
    peer.sync()
    return {
        "end_to_end_ms": 1e3 * (time.perf_counter() - start) / args.steps,
        "wait_ms": 1e3 * waited / args.steps,
        "workers": workers,
        "library": library,
        "in_memory": in_memory,
    }


# ---------------------------------------------------------------------------------------------- main


def sweep(args: argparse.Namespace) -> Dict[str, object]:
    """The step at every f32 setting; the fastest one with its flags."""
    results = []
    for channels_last, compiled in itertools.product((False, True), (None, "default")):
        setting = argparse.Namespace(**{**vars(args), "channels_last": channels_last, "compile": compiled})
        flags = ["--channels-last"] * channels_last + ["--compile"] * bool(compiled)
        torch._dynamo.reset()
        try:
            results.append({"flags": flags, **time_step(setting)})
        except Exception as error:  # a compiler that is missing here costs this setting only
            print(f"left out {flags}: {type(error).__name__}: {error}".splitlines()[0], file=sys.stderr)
    best = min(results, key=lambda r: r["step_ms"])
    return {**best, "tried": [{"flags": r["flags"], "step_ms": r["step_ms"]} for r in results]}


def arguments() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--device", default="cpu", help="cpu or cuda")
    p.add_argument("--batch", default="16/16/2x8", help="recon/face/pose x negatives; the paper's is 256/256/10x100")
    p.add_argument("--width", type=float, default=1.0, help="factor on every channel count")
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--warmup", type=int, default=3)
    p.add_argument("--threads", type=int, default=0, help="of torch; its own choice without")
    p.add_argument("--channels-last", action="store_true")
    p.add_argument("--compile", nargs="?", const="default", choices=["default", "reduce-overhead", "max-autotune"])
    p.add_argument("--tf32", action="store_true")
    p.add_argument("--amp", default="none", choices=["none", "bf16", "fp16"])
    p.add_argument("--sweep", action="store_true", help="try memory formats and the compiler, report the fastest")
    p.add_argument("--augment", metavar="DIR", help="load and augment the pictures of a folder")
    p.add_argument("--workers", default="0,1,2", help="with --augment: numbers of loader processes to try")
    p.add_argument("--library", default="tensor,pil", help="with --augment: what torchvision works on")
    p.add_argument("--in-memory", action="store_true", help="with --augment: pictures are decoded once, before")
    p.add_argument("--json", action="store_true")
    return p


def main() -> None:
    args = arguments().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.augment:
        tried = [
            time_loop(args, int(workers), library, args.in_memory)
            for workers, library in itertools.product(args.workers.split(","), args.library.split(","))
        ]
        result = {**min(tried, key=lambda r: r["end_to_end_ms"]), "tried": tried}
    elif args.sweep:
        result = sweep(args)
    else:
        result = time_step(args)
    name = torch.cuda.get_device_name(args.device) if args.device.startswith("cuda") else "CPU"
    result = {"torch": torch.__version__, "adapter": name, "threads": torch.get_num_threads(), **result}
    if args.json:
        print(json.dumps(result, indent=1))
        return
    for key, value in result.items():
        print(f"{key:16s} {value:.6g}" if isinstance(value, float) else f"{key:16s} {value}")


if __name__ == "__main__":
    main()
