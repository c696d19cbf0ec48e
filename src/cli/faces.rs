//! `visage faces`: generated faces in the layout of a known data set.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use image::ImageFormat;

use super::output::Output;
use super::{DONE, InputError, bar};
use crate::data::generated::GeneratedFaces;
use crate::data::generated::export::{
    Export, ExportError, ExportLayout, SHEET_PEOPLE, contact_sheet,
};

/// Side of a picture on the contact sheet unless --size says otherwise, in pixels.
const TILE_PX: u32 = 96;

/// Arguments of `visage faces`.
#[derive(Args, Debug)]
pub(super) struct FacesArgs {
    /// People; each has 7 clips, one per expression, of 8 frames.
    #[arg(long, value_name = "N", default_value_t = 64)]
    identities: usize,
    /// Empty or new folder for the pictures and labels.csv.
    #[arg(long, value_name = "DIR", required_unless_present = "sheet")]
    out: Option<PathBuf>,
    /// On-disk layout of the data set.
    #[arg(long, default_value = "vox", value_parser = layout_parser())]
    layout: ExportLayout,
    /// The same seed draws the same people, pictures and labels.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Side of a picture in pixels, 64 to 256 [default: that of the data set].
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(64..=256))]
    size: Option<u32>,
    /// Draw the first people in nine expressions and poses into one PNG file.
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
}

fn layout_parser() -> impl TypedValueParser<Value = ExportLayout> {
    PossibleValuesParser::new(ExportLayout::ALL.map(ExportLayout::name))
        .try_map(|name| name.parse::<ExportLayout>())
}

pub(super) fn run(args: FacesArgs) -> Result<u8> {
    // Before anything is drawn: what the arguments ask for must be possible.
    let export = Export::new(args.layout, args.identities, args.seed, args.size);
    let export = args
        .out
        .as_ref()
        .map(|_| export)
        .transpose()
        .map_err(users)?;
    if let Some(file) = &args.sheet {
        draw_sheet(&args, file)?;
        writeln!(Output, "contact sheet: {}", file.display())?;
    }
    if let (Some(out), Some(export)) = (&args.out, export) {
        let bar = bar("drawing", export.pictures());
        let written = export.write(out, &|| bar.inc(1));
        bar.finish_and_clear();
        written.map_err(users)?;
        writeln!(
            Output,
            "{} pictures of {} people with labels.csv: {}",
            export.pictures(),
            args.identities,
            out.display()
        )?;
    }
    Ok(DONE)
}

fn draw_sheet(args: &FacesArgs, file: &Path) -> Result<(), InputError> {
    let people = args.identities.min(SHEET_PEOPLE);
    let faces = GeneratedFaces::new(args.seed, people);
    contact_sheet(&faces, args.size.unwrap_or(TILE_PX))
        .save_with_format(file, ImageFormat::Png)
        .map_err(|error| {
            InputError(format!(
                "the contact sheet cannot be written ({error}); check its path: {}",
                file.display()
            ))
        })
}

/// Every error of an export can be settled by other arguments or more space.
fn users(error: ExportError) -> InputError {
    InputError(error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: FacesArgs,
    }

    fn parse(words: &[&str]) -> Result<FacesArgs, clap::Error> {
        let line = std::iter::once(&"faces").chain(words);
        Line::try_parse_from(line).map(|line| line.args)
    }

    #[test]
    fn a_folder_or_a_sheet_is_needed() {
        assert!(parse(&[]).is_err());
        assert!(parse(&["--sheet", "a.png"]).is_ok());
        let args = parse(&["--out", "d", "--layout", "300wlp", "--identities", "3"]).unwrap();
        assert_eq!(args.layout, ExportLayout::W300Lp);
        assert!(parse(&["--out", "d", "--layout", "imagenet"]).is_err());
        assert!(parse(&["--out", "d", "--size", "63"]).is_err());
    }

    #[test]
    fn what_cannot_be_done_is_the_users_to_change() {
        let dir = tempfile::tempdir().unwrap();
        let sheet = dir.path().join("sheet.png");
        let out = dir.path().to_str().unwrap();
        let words = ["--out", out, "--layout", "lfw", "--identities", "19"];
        let args = |more: &[&str]| parse(&[&words[..], more].concat()).unwrap();
        let error = run(args(&["--sheet", sheet.to_str().unwrap()])).unwrap_err();
        assert!(error.is::<InputError>() && error.to_string().contains("at least 20"));
        assert!(
            !sheet.exists(),
            "nothing is drawn before everything is known to be possible"
        );

        std::fs::write(dir.path().join("mine.txt"), "").unwrap();
        let error = run(parse(&["--out", out, "--identities", "1"]).unwrap()).unwrap_err();
        assert!(error.is::<InputError>() && error.to_string().contains("not empty"));
    }

    #[test]
    fn a_sheet_has_a_row_per_person() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sheet");
        let path = file.to_str().unwrap();
        let args = parse(&["--sheet", path, "--identities", "1", "--size", "64"]).unwrap();
        assert_eq!(run(args).unwrap(), DONE);
        let bytes = std::fs::read(&file).unwrap();
        let picture = image::load_from_memory_with_format(&bytes, ImageFormat::Png).unwrap();
        assert_eq!((picture.width(), picture.height()), (9 * 64, 64));
    }
}
