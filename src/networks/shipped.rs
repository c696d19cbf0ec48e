//! The networks that are part of the program: every folder of `assets/networks`.

use std::path::Path;

use super::read::{parse, parse_provenance};
use super::{Network, NetworkError};

/// The one the lab offers, if it is there.
const DEFAULT: &str = "demo";

/// A network as it lies in `assets/networks`.
struct Shipped {
    name: &'static str,
    weights: &'static [u8],
    provenance: &'static str,
}

/// Written by `build.rs`.
static SHIPPED: &[Shipped] = include!(concat!(env!("OUT_DIR"), "/networks.rs"));

/// The names of all networks that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|network| network.name)
}

/// The network that the lab offers and shows as the goal; `None` where none comes with the
/// program.
pub fn default_network() -> Option<Network> {
    let name = names()
        .find(|name| *name == DEFAULT)
        .or_else(|| names().next())?;
    read(Path::new(name))?.ok()
}

/// "there is: demo", for an error about a name.
pub(super) fn list_in_words() -> String {
    let names: Vec<&str> = names().collect();
    match names.as_slice() {
        [] => "there are none in this build".into(),
        names => format!("there is: {}", names.join(", ")),
    }
}

/// The network of this name, if one comes with the program.
pub(super) fn read(name: &Path) -> Option<Result<Network, NetworkError>> {
    let shipped = SHIPPED
        .iter()
        .find(|shipped| Path::new(shipped.name) == name)?;
    let provenance = parse_provenance(shipped.provenance, name);
    Some(provenance.and_then(|provenance| parse(name, name, shipped.weights, Some(provenance))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Limit for the weights of a shipped network.
    const MOST_BYTES: usize = 8_000_000;

    #[test]
    fn every_shipped_network_is_whole_small_and_says_where_it_comes_from() {
        for shipped in SHIPPED {
            let name = Path::new(shipped.name);
            let network = read(name).unwrap().unwrap();
            assert!(shipped.weights.len() <= MOST_BYTES, "{name:?}");
            network.build(&burn::tensor::Device::flex()).unwrap();
            let provenance = network.provenance.unwrap();
            let config = toml::Table::try_from(&network.config).unwrap();
            // Keys that came later are absent in the words and have their default in the other.
            for (key, value) in &provenance.config {
                let known = config.get(key);
                assert!(known == Some(value) || value.is_table(), "{name:?}: {key}");
            }
            assert!(
                provenance.licence.is_some() && provenance.measured.is_some(),
                "{name:?}"
            );
        }
        assert_eq!(default_network().is_some(), !SHIPPED.is_empty());
    }
}
