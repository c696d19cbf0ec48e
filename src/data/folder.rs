//! Layout `folder`: every image below the data folder, at any depth, is one item.

use std::path::Path;

use super::error::DataError;
use super::listing::images_below;
use super::reading::Reading;

/// Lists the images below `root`; sub-folders that cannot be read are skipped by name.
///
/// # Errors
/// [`DataError::Empty`] if there is no image.
pub fn read(root: &Path) -> Result<Reading, DataError> {
    let (files, skipped) = images_below(root);
    if files.is_empty() {
        return Err(DataError::no_image(root, &skipped));
    }
    Ok(Reading::files(files, "images", skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_says_which_extensions_count() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("readme.txt"), "no pictures here").unwrap();
        let sentence = read(dir.path()).unwrap_err().to_string();
        assert!(
            sentence.contains("jpg, jpeg") && sentence.contains("png, webp"),
            "{sentence}"
        );
        assert!(
            sentence.ends_with(&dir.path().display().to_string()),
            "{sentence}"
        );
    }
}
