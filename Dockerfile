# thyro with everything it needs, at the versions of requirements.lock. To make the first report:
#
#   docker build --tag thyro .
#   docker run --rm --volume "$PWD/results:/thyro/results" thyro
#
# Your own folder is brought with a further --volume, and named as a study file's data:
#   docker run --rm --volume "$PWD/results:/thyro/results" --volume /my/folder:/data thyro \
#     thyro report mystudy --data /data
FROM python:3.11-bookworm
ENV PATH=/thyro/.venv/bin:$PATH
# An index with the CPU build of torch, where the default one holds the build for CUDA alone.
ARG PIP_EXTRA_INDEX_URL=
WORKDIR /thyro
# The environment first: it changes less often than the code.
COPY Makefile pyproject.toml requirements.lock README.md LICENSE ./
COPY thyro/__init__.py thyro/
RUN make setup
COPY . .
EXPOSE 8888
CMD ["thyro", "report", "smoke"]
