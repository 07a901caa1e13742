"""omicsfuse: integrated cancer subtypes from radiomics and other omics layers.

The public names are those of ``__init__.pyi``; each loads when it is first used, so that importing
the package takes no time.
"""

from lazy_loader import attach_stub

__version__ = "0.2.0"
__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
