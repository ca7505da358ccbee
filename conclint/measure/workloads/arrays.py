"""Workloads for numpy and scipy."""

from __future__ import annotations

from types import SimpleNamespace

from conclint.measure.workloads.group import Group


def _numpy() -> SimpleNamespace:
    import numpy as np

    source = np.random.default_rng(1)
    return SimpleNamespace(
        np=np,
        matrix=source.random((900, 900)),
        small=source.random((320, 320)),
        spd=np.eye(900) * 900 + source.random((900, 900)),
        long=source.random(1_200_000),
        short=source.random(40_000),
        whole=source.integers(0, 50_000, 300_000),
        numbers=source.random(300_000).tolist(),
        lines=["1.5 2.5 3.5 4.5"] * 8_000,
        make=lambda: np.random.default_rng(2),
    )


NUMPY = Group(
    _numpy,
    {
        "numpy.dot": lambda d: d.np.dot(d.matrix, d.matrix),
        "numpy.matmul": lambda d: d.np.matmul(d.matrix, d.matrix),
        "numpy.einsum": lambda d: d.np.einsum("ij,jk->ik", d.matrix[:320, :600], d.matrix[:600, :500]),
        "numpy.convolve": lambda d: d.np.convolve(d.short, d.short[:6_000]),
        "numpy.sort": lambda d: d.np.sort(d.long),
        "numpy.argsort": lambda d: d.np.argsort(d.long),
        "numpy.unique": lambda d: d.np.unique(d.whole),
        "numpy.searchsorted": lambda d: d.np.searchsorted(d.short, d.long),
        "numpy.histogram": lambda d: d.np.histogram(d.long, 500),
        "numpy.median": lambda d: d.np.median(d.long),
        "numpy.cumsum": lambda d: [d.np.cumsum(d.long) for _ in range(5)],
        "numpy.exp": lambda d: [d.np.exp(d.long) for _ in range(3)],
        "numpy.sin": lambda d: [d.np.sin(d.long) for _ in range(2)],
        "numpy.power": lambda d: d.np.power(d.long, 1.7),
        "numpy.add": lambda d: [d.np.add(d.long, 1.0, out=d.np.empty_like(d.long)) for _ in range(15)],
        "numpy.where": lambda d: [d.np.where(d.long > 0.5, d.long, 0.0) for _ in range(4)],
        "numpy.concatenate": lambda d: [d.np.concatenate([d.long, d.long]) for _ in range(8)],
        "numpy.linalg.inv": lambda d: d.np.linalg.inv(d.matrix[:700, :700]),
        "numpy.linalg.solve": lambda d: d.np.linalg.solve(d.spd, d.spd[:, :10]),
        "numpy.linalg.svd": lambda d: d.np.linalg.svd(d.small),
        "numpy.linalg.eigh": lambda d: d.np.linalg.eigh(d.small + d.small.T),
        "numpy.linalg.qr": lambda d: d.np.linalg.qr(d.matrix),
        "numpy.fft.fft": lambda d: d.np.fft.fft(d.long),
        "numpy.random.Generator.normal": lambda d: d.make().normal(size=2_000_000),
        "numpy.random.Generator.permutation": lambda d: d.make().permutation(d.long),
        "numpy.ndarray.sort": lambda d: d.long.copy().sort(),
        "numpy.ndarray.astype": lambda d: [d.long.astype("float32") for _ in range(8)],
        "numpy.ndarray.tolist": lambda d: d.long.tolist(),
        "numpy.array": lambda d: [d.np.array(d.numbers) for _ in range(4)],
        "numpy.asarray": lambda d: [d.np.asarray(d.numbers) for _ in range(4)],
        "numpy.loadtxt": lambda d: d.np.loadtxt(d.lines * 3),
        "numpy.genfromtxt": lambda d: d.np.genfromtxt(d.lines),
    },
)


def _scipy() -> SimpleNamespace:
    import numpy as np
    import scipy.cluster.hierarchy
    import scipy.fft
    import scipy.integrate
    import scipy.interpolate
    import scipy.linalg
    import scipy.ndimage
    import scipy.optimize
    import scipy.signal
    import scipy.sparse.csgraph
    import scipy.sparse.linalg
    import scipy.spatial
    import scipy.stats

    source = np.random.default_rng(1)
    matrix = source.random((700, 700))
    points = source.random((30_000, 3))
    return SimpleNamespace(
        scipy=scipy,
        matrix=matrix,
        spd=matrix @ matrix.T + 700 * np.eye(700),
        long=source.random(1_000_000),
        short=source.random(60_000),
        image=source.random((900, 900)),
        points=points,
        dense=source.random((150_000, 3)),
        tree=scipy.spatial.cKDTree(points),
        costs=source.random((500, 500)),
        sparse=scipy.sparse.random(2_500, 2_500, 0.0008, format="csc", random_state=1)
        + 10 * scipy.sparse.eye(2_500, format="csc"),
        graph=scipy.sparse.random(600, 600, 0.02, format="csr", random_state=1),
    )


SCIPY = Group(
    _scipy,
    {
        "scipy.linalg.inv": lambda d: d.scipy.linalg.inv(d.matrix),
        "scipy.linalg.solve": lambda d: d.scipy.linalg.solve(d.spd, d.matrix),
        "scipy.linalg.svd": lambda d: d.scipy.linalg.svd(d.matrix[:250, :250]),
        "scipy.linalg.eigh": lambda d: d.scipy.linalg.eigh(d.spd[:400, :400]),
        "scipy.linalg.qr": lambda d: d.scipy.linalg.qr(d.matrix),
        "scipy.linalg.cholesky": lambda d: [d.scipy.linalg.cholesky(d.spd) for _ in range(10)],
        "scipy.linalg.lu": lambda d: [d.scipy.linalg.lu(d.matrix) for _ in range(2)],
        "scipy.linalg.expm": lambda d: d.scipy.linalg.expm(d.matrix[:350, :350]),
        "scipy.fft.fft": lambda d: d.scipy.fft.fft(d.long),
        "scipy.fft.dct": lambda d: d.scipy.fft.dct(d.long),
        "scipy.signal.fftconvolve": lambda d: d.scipy.signal.fftconvolve(d.long, d.short),
        "scipy.signal.lfilter": lambda d: d.scipy.signal.lfilter([1.0, 0.5], [1.0, -0.2, 0.1], d.long),
        "scipy.signal.medfilt": lambda d: d.scipy.signal.medfilt(d.long, 5),
        "scipy.signal.find_peaks": lambda d: d.scipy.signal.find_peaks(d.long, distance=3),
        "scipy.ndimage.gaussian_filter": lambda d: d.scipy.ndimage.gaussian_filter(d.image, 3),
        "scipy.ndimage.median_filter": lambda d: d.scipy.ndimage.median_filter(d.image[:500], 3),
        "scipy.ndimage.zoom": lambda d: d.scipy.ndimage.zoom(d.image[:400], 1.2),
        "scipy.spatial.distance.cdist": lambda d: d.scipy.spatial.distance.cdist(
            d.points[:4000], d.points[:2500]
        ),
        "scipy.spatial.distance.pdist": lambda d: d.scipy.spatial.distance.pdist(d.points[:4000]),
        "scipy.spatial.cKDTree.__init__": lambda d: d.scipy.spatial.cKDTree(d.dense),
        "scipy.spatial.cKDTree.query": lambda d: d.tree.query(d.points, k=3),
        "scipy.spatial.ConvexHull.__init__": lambda d: [
            d.scipy.spatial.ConvexHull(d.points) for _ in range(5)
        ],
        "scipy.spatial.Delaunay.__init__": lambda d: d.scipy.spatial.Delaunay(d.points[:3_000]),
        "scipy.optimize.linear_sum_assignment": lambda d: [
            d.scipy.optimize.linear_sum_assignment(d.costs) for _ in range(3)
        ],
        "scipy.optimize.minimize": lambda d: d.scipy.optimize.minimize(
            lambda x: sum((value - 1) ** 2 for value in x.tolist()), d.short[:90], method="BFGS"
        ),
        "scipy.optimize.curve_fit": lambda d: d.scipy.optimize.curve_fit(
            lambda x, a, b, c: a * x**2 + b * x + c, d.long, d.long * 2
        ),
        "scipy.integrate.quad": lambda d: [
            d.scipy.integrate.quad(lambda x: x * x, 0, 1) for _ in range(3_000)
        ],
        "scipy.integrate.solve_ivp": lambda d: d.scipy.integrate.solve_ivp(
            lambda t, y: [-sum(value for _ in range(50)) / 50 for value in y.tolist()],
            (0, 200),
            [1.0, 2.0],
            max_step=0.5,
        ),
        "scipy.sparse.linalg.spsolve": lambda d: d.scipy.sparse.linalg.spsolve(d.sparse, d.short[:2_500]),
        "scipy.sparse.linalg.eigsh": lambda d: d.scipy.sparse.linalg.eigsh(d.spd, 60),
        "scipy.sparse.csgraph.dijkstra": lambda d: d.scipy.sparse.csgraph.dijkstra(d.graph),
        "scipy.sparse.csgraph.floyd_warshall": lambda d: d.scipy.sparse.csgraph.floyd_warshall(
            d.graph[:300, :300]
        ),
        "scipy.stats.mannwhitneyu": lambda d: d.scipy.stats.mannwhitneyu(d.long[:100_000], d.short),
        "scipy.stats.spearmanr": lambda d: d.scipy.stats.spearmanr(d.long[:200_000], d.long[200_000:400_000]),
        "scipy.cluster.hierarchy.linkage": lambda d: d.scipy.cluster.hierarchy.linkage(
            d.points[:2_000], "average"
        ),
    },
)
