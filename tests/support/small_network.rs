//! A trained network that takes no training: what plays with one needs weights, not knowledge.

use visage::config::RunConfig;
use visage::model::{Architecture, Pcl, values};
use visage::networks::Network;

/// The demo's network with weights drawn from a seed, as if after seven steps.
pub fn network() -> Network {
    let config = RunConfig::resolve(Some("demo"), None, &[]).unwrap();
    let device = burn::tensor::Device::flex();
    let model = Pcl::new(Architecture::from(&config), 11, &device);
    let metadata = [
        ("steps", "7".to_owned()),
        ("data", "a few generated faces".to_owned()),
        ("config", config.to_toml()),
    ];
    Network {
        name: "small".into(),
        path: "small".into(),
        values: values(&model),
        metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
        config,
        ..Network::default()
    }
}
