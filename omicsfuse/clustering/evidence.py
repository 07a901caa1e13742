"""Weight a network by how much is known of each patient, before it is cut into subtypes."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator

from omicsfuse.clustering.spectral import Network


def weighted_by_evidence(network: Network, evidence: np.ndarray) -> Network:
    """Multiply each affinity (n, n) with the evidence (n,) on both of its patients.

    Patients of whom some layers are missing have noisier affinities, and would otherwise tend to be
    cut off as a group of their own. With complete data nothing changes.
    """
    if (evidence == evidence[0]).all():
        return network
    if isinstance(network, np.ndarray):
        return network * evidence[:, None] * evidence[None, :]
    if isinstance(network, LinearOperator):
        whole, column = network, evidence[:, None]
        return LinearOperator(
            network.shape,
            matvec=lambda x: evidence * (whole @ (evidence * x.ravel())),
            matmat=lambda x: column * (whole @ (column * x)),
            dtype=np.dtype(np.float64),
        )
    scale = sparse.diags_array(evidence)
    return sparse.csr_array(scale @ network @ scale)
