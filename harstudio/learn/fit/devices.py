"""Where a network is trained: the processor, or a graphics card where there is one."""

from __future__ import annotations

from typing import Any

from harstudio.learn.fit.torch_setup import torch

Device = Any
"""A torch.device."""


def chosen_device(wanted: str) -> tuple[Device, str]:
    """The device for ``cpu``, ``cuda``, ``mps`` or ``auto``, and what to tell about it.

    Returns
    -------
    (device, note)
        The processor where the one asked for is missing; the note says so, and that a graphics
        card does not repeat itself to the bit. Empty for the processor as asked.
    """
    there = available()
    if wanted == "auto":
        wanted = next((name for name in ("cuda", "mps") if name in there), "cpu")
    if wanted not in there:
        return torch.device("cpu"), f"no {wanted} on this machine: trained on the processor"
    if wanted == "cpu":
        return torch.device("cpu"), ""
    return torch.device(wanted), f"trained on {wanted}: another run may differ in the last digits"


def available() -> tuple[str, ...]:
    """The names of the devices of this machine."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def random_states(device: Device) -> dict[str, str]:
    """State of torch's random generators, of the processor and of a device, as hexadecimal."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return {name: bytes(state.cpu().numpy()).hex() for name, state in states.items()}


def set_random_states(device: Device, states: dict[str, str]) -> None:
    """Take up `random_states`; those of a device that is not used are passed over."""
    found = {
        name: torch.frombuffer(bytearray.fromhex(text), dtype=torch.uint8)
        for name, text in states.items()
    }
    torch.set_rng_state(found["cpu"])
    if device.type == "cuda" and "cuda" in found:
        torch.cuda.set_rng_state(found["cuda"], device)
    elif device.type == "mps" and "mps" in found:
        torch.mps.set_rng_state(found["mps"])
