# unstuck on the CPU. The script runs as a user without rights, with no network unless you give it one:
#   docker build -t unstuck .
#   docker run --rm --network none -v "$PWD:/work" unstuck run train.py
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN pip wheel --no-cache-dir --no-deps -w /wheels /source

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl && rm -r /wheels \
    && useradd --create-home user
USER user
WORKDIR /work
ENTRYPOINT ["unstuck"]
CMD ["--help"]
