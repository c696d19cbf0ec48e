//! Layout `casia`: every sub-folder of the data folder is one item, a random image of it per visit.

use std::path::Path;

use super::error::DataError;
use super::listing::Listing;
use super::reading::Reading;

/// Lists the sub-folders of `root`. Their contents are listed when they are visited.
///
/// # Errors
/// [`DataError::Unreadable`] or [`DataError::NoSubfolders`].
pub fn read(root: &Path) -> Result<Reading, DataError> {
    let listing = Listing::read(root).map_err(|error| DataError::Unreadable {
        path: root.to_path_buf(),
        reason: error.to_string(),
    })?;
    if listing.folders.is_empty() {
        return Err(DataError::NoSubfolders(root.to_path_buf()));
    }
    let folders = listing.folders.iter().map(|name| root.join(name)).collect();
    Ok(Reading::folders(folders, "folders", Vec::new()))
}
