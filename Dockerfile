# conclint in a container: docker run --rm -v "$PWD:/src:ro" conclint
# (Written by the rules of hadolint; not built by CI, since no release is on PyPI yet.)
FROM python:3.12-slim AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY conclint ./conclint
COPY fixtures/pairs ./fixtures/pairs
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels conclint && rm -rf /wheels
# Nothing of the analysed project is run; the cache would be its only writing.
USER nobody
WORKDIR /src
ENTRYPOINT ["conclint"]
CMD ["--no-cache", "."]
