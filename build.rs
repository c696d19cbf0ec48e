//! Lists the trained networks in `assets/networks`, so that they are compiled into the program.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

/// Where networks lie, one folder each, below the package's own.
const FOLDER: &str = "assets/networks";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FOLDER}");
    let variable = |name| env::var(name).map_err(io::Error::other);
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join(FOLDER);
    let mut networks: Vec<_> = fs::read_dir(&folder)?.collect::<io::Result<_>>()?;
    networks.retain(|entry| entry.path().is_dir());
    networks.sort_by_key(fs::DirEntry::file_name);
    let mut table = String::from("&[\n");
    for network in networks {
        let name = network.file_name().to_string_lossy().into_owned();
        let weights = network.path().join("network.safetensors");
        let provenance = network.path().join("network.toml");
        if !(weights.is_file() && provenance.is_file()) {
            return Err(io::Error::other(format!(
                "a network needs both network.safetensors and network.toml: {}",
                network.path().display()
            )));
        }
        // The package's folder is named where the program is compiled: a target directory may be
        // older than the place of its checkout.
        let path = |file: &str| {
            let below = format!("/{FOLDER}/{name}/{file}");
            format!("concat!(env!(\"CARGO_MANIFEST_DIR\"), {below:?})")
        };
        let (weights, provenance) = (path("network.safetensors"), path("network.toml"));
        writeln!(
            table,
            "    Shipped {{ name: {name:?}, weights: include_bytes!({weights}), \
             provenance: include_str!({provenance}) }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(Path::new(&variable("OUT_DIR")?).join("networks.rs"), table)
}
