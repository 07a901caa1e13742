"""Compiled inner loops of correlations within many subsamples of the patients.

Imported only when genes are chosen by correlation. ``order`` holds, for each variable in a row, the
patients who have it from the lowest value to the highest, then -1; ``starts`` is 1 where a value is
higher than the one before it.
"""

from typing import Any

import numpy as np

from omicsfuse.stats.compiled import compiled


@compiled
def place(order: Any, starts: Any, inside: Any, out: Any) -> None:
    """Write the rank of each patient inside into ``out``; equal values share their mean rank."""
    n = len(order)
    rank, i = 0.0, 0
    while i < n and order[i] >= 0:
        j, tied = i, 0
        while j < n and order[j] >= 0 and (j == i or not starts[j]):
            if inside[order[j]]:
                tied += 1
            j += 1
        if tied > 0:
            value = rank + 0.5 * (tied + 1)
            for k in range(i, j):
                out[order[k]] = value
            rank += tied
        i = j


@compiled
def centred_rows(rows: Any, order: Any, starts: Any, ranked: bool, inside: Any, out: Any) -> None:
    """Write values or ranks of variables, less their mean over the patients inside; 0 outside."""
    n = len(inside)
    count = 0.0
    for i in range(n):
        if inside[i]:
            count += 1.0
    for v in range(len(rows)):
        if ranked:
            place(order[v], starts[v], inside, out[v])
        else:
            for i in range(n):
                out[v, i] = rows[v, i]
        total = 0.0
        for i in range(n):
            if inside[i]:
                total += out[v, i]
        mean = total / count if count > 0 else 0.0
        for i in range(n):
            out[v, i] = out[v, i] - mean if inside[i] else 0.0


@compiled
def residualise(parts: Any, k: int) -> Any:
    """Take the first ``k`` rows, made orthogonal, out of each row; return squared lengths left."""
    m, n = parts.shape
    left = np.zeros(m)
    for a in range(m):
        before = 0.0
        for i in range(n):
            before += parts[a, i] * parts[a, i]
        for b in range(min(a, k)):
            if left[b] > 0.0:
                dot = 0.0
                for i in range(n):
                    dot += parts[a, i] * parts[b, i]
                dot /= left[b]
                for i in range(n):
                    parts[a, i] -= dot * parts[b, i]
        after = 0.0
        for i in range(n):
            after += parts[a, i] * parts[a, i]
        left[a] = after if after > 1e-18 * before else 0.0
        if a < k and left[a] == 0.0:
            for i in range(n):
                parts[a, i] = 0.0
    return left


@compiled
def ranked_dots(order: Any, starts: Any, weight: Any, parts: Any, block: Any, dots: Any) -> float:
    """Sums of ranks within a subsample times each of ``parts`` (n, m); their squared length.

    Without branches on ``weight`` (n,), 1 inside and 0 outside, which no processor could foresee.
    """
    n, m = parts.shape
    rank, tied, squared = 0.0, 0.0, 0.0
    dots[:] = 0.0
    block[:] = 0.0
    for i in range(n + 1):
        if i == n or starts[i]:
            value = rank + 0.5 * (tied + 1.0)
            squared += tied * value * value
            for a in range(m):
                dots[a] += value * block[a]
                block[a] = 0.0
            rank += tied
            tied = 0.0
        if i < n:
            patient = order[i]
            tied += weight[patient]
            for a in range(m):
                block[a] += parts[patient, a]
    mean = 0.5 * (rank + 1.0)
    return squared - rank * mean * mean


@compiled
def plain_dots(row: Any, weight: Any, parts: Any, dots: Any) -> float:
    """As ``ranked_dots``, of the values themselves."""
    n, m = parts.shape
    count, total = 0.0, 0.0
    dots[:] = 0.0
    for i in range(n):
        count += weight[i]
        total += weight[i] * row[i]
        for a in range(m):
            dots[a] += row[i] * parts[i, a]
    mean = total / count if count > 0.0 else 0.0
    squared = 0.0
    for i in range(n):
        squared += weight[i] * (row[i] - mean) ** 2
    return squared


@compiled
def correlations(
    genes: Any,
    gene_order: Any,
    gene_starts: Any,
    others: Any,
    other_order: Any,
    other_starts: Any,
    k: int,
    ranked: bool,
    whole: Any,
    subsamples: Any,
    out: Any,
) -> None:
    """Correlate genes (p, n) with targets in subsamples (r, n), covariates out: (r, targets, p)."""
    p, n = genes.shape
    m = len(others)
    common, of_gene = np.zeros((m, n)), np.zeros((m, n))
    dots, block, weight = np.zeros(m), np.zeros(m), np.zeros(n)
    gene = np.zeros((1, n))
    inside = np.zeros(n, dtype=np.bool_)
    for r in range(len(subsamples)):
        centred_rows(others, other_order, other_starts, ranked, subsamples[r], common)
        common_left = residualise(common, k)
        turned = common.T.copy()
        everybody = 0
        for i in range(n):
            weight[i] = 1.0 if subsamples[r, i] else 0.0
            everybody += subsamples[r, i]
        for g in range(p):
            if whole[g]:
                count, left = everybody, common_left
                if ranked:
                    before = ranked_dots(gene_order[g], gene_starts[g], weight, turned, block, dots)
                else:
                    before = plain_dots(genes[g], weight, turned, dots)
            else:
                count = 0
                inside[:] = False
                for i in range(n):
                    if gene_order[g, i] < 0:
                        break
                    inside[gene_order[g, i]] = subsamples[r, gene_order[g, i]]
                    count += subsamples[r, gene_order[g, i]]
                centred_rows(others, other_order, other_starts, ranked, inside, of_gene)
                left = residualise(of_gene, k)
                centred_rows(
                    genes[g : g + 1],
                    gene_order[g : g + 1],
                    gene_starts[g : g + 1],
                    ranked,
                    inside,
                    gene,
                )
                before = 0.0
                dots[:] = 0.0
                for i in range(n):
                    before += gene[0, i] * gene[0, i]
                    for a in range(m):
                        dots[a] += gene[0, i] * of_gene[a, i]
            squared = before
            for a in range(k):
                if left[a] > 0.0:
                    squared -= dots[a] * dots[a] / left[a]
            for a in range(k, m):
                out[r, a - k, g] = np.nan
                if count > k + 2 and squared > 1e-12 * before and left[a] > 0.0:
                    value = dots[a] / np.sqrt(squared * left[a])
                    out[r, a - k, g] = max(-1.0, min(1.0, value))
