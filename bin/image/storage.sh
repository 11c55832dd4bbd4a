# Sourced: how buildah is called here. Its storage lies in the work folder, so that nothing of ours is left elsewhere.
# vfs and chroot isolation work without a Docker engine, overlayfs or user namespaces; OCI would drop HEALTHCHECK.
storage=(--root "$1/storage" --runroot "$1/run" --storage-driver vfs)
build=(buildah "${storage[@]}" build --isolation chroot --format docker --layers=false --quiet)
