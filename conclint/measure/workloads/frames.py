"""Workloads for tables and models: pandas, polars, pyarrow, scikit-learn."""

from __future__ import annotations

from types import SimpleNamespace

from conclint.measure.workloads.group import Group, text


def _pandas() -> SimpleNamespace:
    import numpy as np
    import pandas as pd

    source = np.random.default_rng(1)
    size = 200_000
    frame = pd.DataFrame(
        {
            "key": source.integers(0, 500, size),
            "value": source.random(size),
            "other": source.random(size),
            "name": source.integers(0, 5_000, size).astype(str),
        }
    )
    return SimpleNamespace(
        pd=pd,
        frame=frame,
        small=frame[:2_000],
        keys=pd.DataFrame({"key": range(500), "label": [str(number) for number in range(500)]}),
        days=[f"2024-0{number % 9 + 1}-1{number % 9}" for number in range(60_000)],
        nested=[{"id": number, "a": {"b": number}} for number in range(8_000)],
    )


PANDAS = Group(
    _pandas,
    {
        "pandas.concat": lambda d: [d.pd.concat([d.frame, d.frame]) for _ in range(20)],
        "pandas.merge": lambda d: [d.pd.merge(d.frame, d.keys, on="key") for _ in range(6)],
        "pandas.get_dummies": lambda d: [d.pd.get_dummies(d.frame["key"]) for _ in range(2)],
        "pandas.cut": lambda d: [d.pd.cut(d.frame["value"], 10) for _ in range(4)],
        "pandas.factorize": lambda d: [d.pd.factorize(d.frame["name"]) for _ in range(6)],
        "pandas.to_datetime": lambda d: d.pd.to_datetime(d.pd.Series(d.days), cache=False),
        "pandas.json_normalize": lambda d: d.pd.json_normalize(d.nested),
        "pandas.DataFrame.to_csv": lambda d: d.frame[:20_000].to_csv(),
        "pandas.DataFrame.to_json": lambda d: d.frame[:100_000].to_json(),
        "pandas.DataFrame.to_html": lambda d: d.frame[:600].to_html(),
        "pandas.DataFrame.to_dict": lambda d: d.frame[:30_000].to_dict("records"),
        "pandas.DataFrame.iterrows": lambda d: [row for _, row in d.small.iterrows()],
        "pandas.DataFrame.itertuples": lambda d: list(d.frame[:15_000].itertuples()),
        "pandas.DataFrame.apply": lambda d: d.small.apply(lambda row: row["value"] + 1, axis=1),
        "pandas.DataFrame.map": lambda d: d.frame[["value"]].map(lambda value: value + 1),
        "pandas.DataFrame.sort_values": lambda d: d.frame.sort_values("value"),
        "pandas.DataFrame.drop_duplicates": lambda d: [d.frame.drop_duplicates("name") for _ in range(2)],
        "pandas.DataFrame.merge": lambda d: [d.frame.merge(d.keys, on="key") for _ in range(6)],
        "pandas.DataFrame.pivot_table": lambda d: [
            d.frame.pivot_table(index="key", values="value") for _ in range(6)
        ],
        "pandas.DataFrame.describe": lambda d: d.frame[["value", "other"]].describe(),
        "pandas.DataFrame.corr": lambda d: [d.frame[["key", "value", "other"]].corr() for _ in range(3)],
        "pandas.DataFrame.rank": lambda d: d.frame[["value"]].rank(),
        "pandas.DataFrame.sum": lambda d: [d.frame[["value", "other"]].sum() for _ in range(30)],
        "pandas.DataFrame.median": lambda d: [d.frame[["value", "other"]].median() for _ in range(5)],
        "pandas.DataFrame.cumsum": lambda d: [d.frame[["value", "other"]].cumsum() for _ in range(15)],
        "pandas.core.groupby.DataFrameGroupBy.sum": lambda d: [
            d.frame.groupby("key")[["value", "other"]].sum() for _ in range(5)
        ],
        "pandas.core.groupby.DataFrameGroupBy.median": lambda d: [
            d.frame.groupby("key")[["value"]].median() for _ in range(6)
        ],
        "pandas.core.groupby.DataFrameGroupBy.apply": lambda d: d.frame.groupby("key")[["value"]].apply(
            lambda part: sum(part["value"].tolist())
        ),
        "pandas.core.groupby.DataFrameGroupBy.nunique": lambda d: d.frame.groupby("key")[["name"]].nunique(),
        "pandas.Series.map": lambda d: d.frame["value"].map(lambda value: value + 1),
        "pandas.Series.apply": lambda d: d.frame["value"].apply(lambda value: value + 1),
        "pandas.Series.value_counts": lambda d: [d.frame["name"].value_counts() for _ in range(2)],
        "pandas.Series.sort_values": lambda d: [d.frame["value"].sort_values() for _ in range(3)],
        "pandas.Series.isin": lambda d: [d.frame["key"].isin([1, 2, 3]) for _ in range(15)],
    },
)


def _polars() -> SimpleNamespace:
    import numpy as np
    import polars as pl

    source = np.random.default_rng(1)
    size = 600_000
    frame = pl.DataFrame(
        {
            "key": source.integers(0, 500, size),
            "value": source.random(size),
            "name": source.integers(0, 5_000, size).astype(str),
        }
    )
    keys = pl.DataFrame({"key": range(500), "label": [str(number) for number in range(500)]})
    return SimpleNamespace(pl=pl, frame=frame, keys=keys, rows=frame[:40_000].to_dicts())


POLARS = Group(
    _polars,
    {
        "polars.DataFrame.sort": lambda d: d.frame.sort("value"),
        "polars.DataFrame.filter": lambda d: [d.frame.filter(d.pl.col("value") > 0.5) for _ in range(6)],
        "polars.DataFrame.join": lambda d: [d.frame.join(d.keys, on="key") for _ in range(2)],
        "polars.DataFrame.unique": lambda d: d.frame.unique("name"),
        "polars.DataFrame.with_columns": lambda d: [
            d.frame.with_columns(root=d.pl.col("value").sqrt().sin()) for _ in range(4)
        ],
        "polars.DataFrame.median": lambda d: [d.frame.select("value").median() for _ in range(15)],
        "polars.LazyFrame.collect": lambda d: (
            d.frame.lazy().group_by("name").agg(d.pl.col("value").mean()).collect()
        ),
        "polars.DataFrame.to_dicts": lambda d: d.frame[:40_000].to_dicts(),
        "polars.DataFrame.rows": lambda d: d.frame[:150_000].rows(),
        "polars.from_dicts": lambda d: [d.pl.from_dicts(d.rows) for _ in range(3)],
    },
)


def _pyarrow() -> SimpleNamespace:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    source = np.random.default_rng(1)
    size = 500_000
    table = pa.table(
        {
            "key": source.integers(0, 500, size),
            "value": source.random(size),
            "name": [str(number) for number in source.integers(0, 5_000, size)],
        }
    )
    return SimpleNamespace(
        pa=pa,
        pc=pc,
        table=table,
        value=table["value"],
        name=table["name"],
        rows=table.slice(0, 40_000).to_pylist(),
    )


PYARROW = Group(
    _pyarrow,
    {
        "pyarrow.compute.sort_indices": lambda d: d.pc.sort_indices(d.value),
        "pyarrow.compute.unique": lambda d: [d.pc.unique(d.name) for _ in range(4)],
        "pyarrow.compute.value_counts": lambda d: [d.pc.value_counts(d.name) for _ in range(4)],
        "pyarrow.compute.sum": lambda d: [d.pc.sum(d.value) for _ in range(60)],
        "pyarrow.compute.cast": lambda d: d.pc.cast(d.value, "string"),
        "pyarrow.compute.utf8_upper": lambda d: [d.pc.utf8_upper(d.name) for _ in range(3)],
        "pyarrow.Table.sort_by": lambda d: d.table.sort_by("value"),
        "pyarrow.Table.to_pandas": lambda d: [d.table.to_pandas(use_threads=False) for _ in range(10)],
        "pyarrow.Table.to_pylist": lambda d: d.table.slice(0, 40_000).to_pylist(),
        "pyarrow.Table.to_pydict": lambda d: d.table.slice(0, 200_000).to_pydict(),
        "pyarrow.array": lambda d: d.pa.array(d.rows),
    },
)


def _sklearn() -> SimpleNamespace:
    import numpy as np
    from sklearn import (
        cluster,
        decomposition,
        ensemble,
        linear_model,
        manifold,
        metrics,
        mixture,
        naive_bayes,
        neighbors,
        neural_network,
        preprocessing,
        svm,
        tree,
    )
    from sklearn.feature_extraction import text as features

    source = np.random.default_rng(1)
    data = source.random((3_000, 20))
    labels = (data[:, 0] + data[:, 1] > 1).astype(int)
    return SimpleNamespace(
        cluster=cluster,
        decomposition=decomposition,
        ensemble=ensemble,
        linear=linear_model,
        logistic=linear_model.LogisticRegression().fit(data, labels),
        large=source.random((60_000, 20)),
        manifold=manifold,
        mixture=mixture,
        bayes=naive_bayes,
        network=neural_network,
        preprocessing=preprocessing,
        metrics=metrics,
        svm=svm,
        tree=tree,
        features=features,
        data=data,
        labels=labels,
        texts=text(60_000).splitlines(),
        forest=ensemble.RandomForestClassifier(30, n_jobs=1, random_state=1).fit(data, labels),
        machine=svm.SVC(random_state=1).fit(data, labels),
        near=neighbors.KNeighborsClassifier(n_jobs=1).fit(data, labels),
    )


SKLEARN = Group(
    _sklearn,
    {
        "sklearn.ensemble.RandomForestClassifier.fit": lambda d: d.ensemble.RandomForestClassifier(
            10, n_jobs=1, random_state=1
        ).fit(d.data, d.labels),
        "sklearn.ensemble.RandomForestClassifier.predict": lambda d: [
            d.forest.predict(d.data) for _ in range(5)
        ],
        "sklearn.ensemble.GradientBoostingClassifier.fit": lambda d: d.ensemble.GradientBoostingClassifier(
            n_estimators=8, random_state=1
        ).fit(d.data, d.labels),
        "sklearn.tree.DecisionTreeClassifier.fit": lambda d: d.tree.DecisionTreeClassifier(
            random_state=1
        ).fit(d.data, d.labels),
        "sklearn.svm.SVC.fit": lambda d: d.svm.SVC(random_state=1).fit(d.data, d.labels),
        "sklearn.svm.SVC.predict": lambda d: d.machine.predict(d.data[:1_000]),
        "sklearn.svm.LinearSVC.fit": lambda d: [
            d.svm.LinearSVC(random_state=1).fit(d.data, d.labels) for _ in range(5)
        ],
        "sklearn.neighbors.KNeighborsClassifier.predict": lambda d: d.near.predict(d.data),
        "sklearn.cluster.KMeans.fit": lambda d: d.cluster.KMeans(8, n_init=4, random_state=1).fit(d.data),
        "sklearn.cluster.DBSCAN.fit": lambda d: d.cluster.DBSCAN(eps=0.4).fit(d.data),
        "sklearn.cluster.AgglomerativeClustering.fit": lambda d: d.cluster.AgglomerativeClustering().fit(
            d.data[:1_200]
        ),
        "sklearn.linear_model.LogisticRegression.fit": lambda d: [
            d.linear.LogisticRegression().fit(d.data, d.labels) for _ in range(6)
        ],
        "sklearn.linear_model.LinearRegression.fit": lambda d: [
            d.linear.LinearRegression().fit(d.data, d.labels) for _ in range(20)
        ],
        "sklearn.linear_model.SGDClassifier.fit": lambda d: d.linear.SGDClassifier(random_state=1).fit(
            d.data, d.labels
        ),
        "sklearn.linear_model.Ridge.fit": lambda d: [
            d.linear.Ridge().fit(d.data, d.labels) for _ in range(20)
        ],
        "sklearn.linear_model.Lasso.fit": lambda d: [
            d.linear.Lasso(alpha=0.001).fit(d.data, d.labels) for _ in range(20)
        ],
        "sklearn.linear_model.ElasticNet.fit": lambda d: [
            d.linear.ElasticNet(alpha=0.001).fit(d.data, d.labels) for _ in range(20)
        ],
        "sklearn.naive_bayes.GaussianNB.fit": lambda d: [
            d.bayes.GaussianNB().fit(d.data, d.labels) for _ in range(20)
        ],
        "sklearn.mixture.GaussianMixture.fit": lambda d: d.mixture.GaussianMixture(3, random_state=1).fit(
            d.data
        ),
        "sklearn.neural_network.MLPClassifier.fit": lambda d: d.network.MLPClassifier(
            (20,), max_iter=5, random_state=1
        ).fit(d.data, d.labels),
        "sklearn.decomposition.TruncatedSVD.fit": lambda d: [
            d.decomposition.TruncatedSVD(4, random_state=1).fit(d.data) for _ in range(4)
        ],
        "sklearn.manifold.TSNE.fit_transform": lambda d: d.manifold.TSNE(
            max_iter=250, init="random", random_state=1
        ).fit_transform(d.data[:100]),
        "sklearn.linear_model.LogisticRegression.predict": lambda d: [
            d.logistic.predict(d.large) for _ in range(10)
        ],
        "sklearn.preprocessing.StandardScaler.fit_transform": lambda d: (
            d.preprocessing.StandardScaler().fit_transform(d.large)
        ),
        "sklearn.decomposition.PCA.fit_transform": lambda d: [
            d.decomposition.PCA(5, random_state=1).fit_transform(d.data) for _ in range(20)
        ],
        "sklearn.decomposition.NMF.fit": lambda d: d.decomposition.NMF(4, random_state=1).fit(d.data),
        "sklearn.feature_extraction.text.TfidfVectorizer.fit_transform": lambda d: (
            d.features.TfidfVectorizer().fit_transform(d.texts)
        ),
        "sklearn.feature_extraction.text.CountVectorizer.fit_transform": lambda d: (
            d.features.CountVectorizer().fit_transform(d.texts)
        ),
        "sklearn.metrics.pairwise.cosine_similarity": lambda d: d.metrics.pairwise.cosine_similarity(d.data),
        "sklearn.metrics.pairwise.euclidean_distances": lambda d: d.metrics.pairwise.euclidean_distances(
            d.data
        ),
        "sklearn.metrics.classification_report": lambda d: [
            d.metrics.classification_report(d.labels, d.labels) for _ in range(6)
        ],
    },
)
