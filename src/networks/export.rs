//! A network as a pair of files to be handed on.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::provenance::{self, PROVENANCE_FILE, Provenance};
use super::read::parse;
use super::{Network, NetworkError};
use crate::record::replace;
use crate::weights;

/// The weights of an exported network.
pub const WEIGHTS_FILE: &str = "network.safetensors";

/// What the weights file of a run does not say about itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The command that makes the run again.
    pub command: String,
    /// What the steps took in hours.
    pub hours: Option<f64>,
    /// Licence of the data, and whom to cite.
    pub licence: Option<String>,
}

/// The network as it will be read back after [`export`], its weights rounded to 16 bits, and the
/// bytes of that file.
///
/// # Errors
/// If a weight does not fit into 16 bits.
fn rounded(network: &Network) -> Result<(Network, Vec<u8>), NetworkError> {
    let bytes = weights::to_bytes_f16(&network.values, network.metadata.clone())
        .map_err(NetworkError::NotHalf)?;
    let again = parse(Path::new(&network.name), &network.path, &bytes, None)?;
    Ok((again, bytes))
}

/// Writes the weights as 16-bit floats and the words about them into the folder `out`; `measure`
/// says what the network with those weights knows. Gives back the size of the weights file in
/// bytes.
///
/// # Errors
/// If a weight does not fit into 16 bits, `measure` fails or a file cannot be written.
pub fn export<E: From<NetworkError>>(
    network: &Network,
    facts: Facts,
    out: &Path,
    measure: impl FnOnce(&Network) -> Result<String, E>,
) -> Result<usize, E> {
    let (network, bytes) = rounded(network)?;
    let measured = measure(&network)?;
    let words = Provenance {
        command: facts.command,
        program: network.metadata.get("program").cloned().unwrap_or_default(),
        date: provenance::date(
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
        ),
        seed: network.config.seed,
        steps: network.steps(),
        hours: facts.hours,
        data: network.data().map(String::from),
        licence: facts.licence,
        sha256: network.hash,
        measured: Some(measured),
        config: toml::Table::try_from(&network.config).unwrap_or_default(),
    };
    let text = toml::to_string_pretty(&words).map_err(|error| NetworkError::Provenance {
        path: out.join(PROVENANCE_FILE),
        reason: error.to_string(),
    })?;
    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        std::fs::create_dir_all(out)
            .and_then(|()| replace(&path, bytes))
            .map_err(|source| NetworkError::Write { path, source })
    };
    // The words come last: they are about weights that are there.
    write(WEIGHTS_FILE, &bytes)?;
    write(PROVENANCE_FILE, text.as_bytes())?;
    Ok(bytes.len())
}
