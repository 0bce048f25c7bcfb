# syntax=docker/dockerfile:1
# The image of Marque: one binary on a base without shell or package manager.
#checkov:skip=CKV_DOCKER_2:Kubernetes probes /livez and /readyz itself; the image has no shell to run a check in

FROM rust:1.94-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked -p marque && cp target/release/marque /marque && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /marque /usr/local/bin/marque
COPY --from=build --chown=65532:65532 /data /var/lib/marque
# Its account is in the base image; a number, so that Kubernetes can see it is not root.
USER 65532:65532
ENV MARQUE__DATA_DIR=/var/lib/marque
VOLUME /var/lib/marque
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/marque"]
# Inside a container the machine's own address is the outside.
CMD ["serve", "--listen", "0.0.0.0:8080"]
