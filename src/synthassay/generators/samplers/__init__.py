"""One sampler per file: how to walk from noise to an image when only the expected image is known at each level."""

from typing import Literal

from synthassay.generators.samplers.ddim import Ddim
from synthassay.generators.samplers.ddpm import Ddpm
from synthassay.generators.samplers.dpm_solver import DpmSolver
from synthassay.generators.samplers.euler import Euler
from synthassay.generators.samplers.heun import Heun
from synthassay.generators.samplers.walk import Fresh, Sampler

SamplerName = Literal["ddim", "ddpm", "dpm_solver", "euler", "heun"]
SAMPLERS: dict[str, Sampler] = {
    "ddim": Ddim(),
    "ddpm": Ddpm(),
    "dpm_solver": DpmSolver(),
    "euler": Euler(),
    "heun": Heun(),
}

__all__ = ["SAMPLERS", "Ddim", "Ddpm", "DpmSolver", "Euler", "Fresh", "Heun", "Sampler", "SamplerName"]
