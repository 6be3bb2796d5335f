"""Flags for compilation that takes a fifth as long, of programs that run a few times only.

What is compiled so is twice as slow. For the tests, and for the tutorials when the site is built;
JAX reads them when it is imported.
"""

from importlib.metadata import version

_QUICK = ["--xla_backend_optimization_level=0"]
if version("jaxlib").startswith("0.10."):  # later ones end the program on a flag they do not know
    # the other cores are other workers'
    _QUICK += ["--xla_cpu_use_fusion_emitters=false", "--xla_cpu_parallel_codegen_split_count=1"]
    # a fifth less, most of it time for the choice of what to fuse; sums are made at once
    _QUICK += ["--xla_cpu_opt_preset=fast_compile"]
    _QUICK += ["--xla_disable_hlo_passes=tree_reduction_rewriter"]

XLA_FLAGS = " ".join(_QUICK)
