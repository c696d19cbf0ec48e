//! `visage embed`: the codes of a folder of faces as files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use ndarray::ArrayView2;
use ndarray_npy::WriteNpyExt;

use super::output::{name_left_out, say};
use super::{DONE, InputError, bar};
use crate::data::labelled::{LeftOut, Picture};
use crate::data::{append_csv, pictures_below, spelled};
use crate::device::{DeviceRequest, choose};
use crate::eval::encode::{Codes, batch_size, encode};
use crate::eval::input::Input;
use crate::eval::matrix::Matrix;
use crate::eval::trained::Trained;
use crate::record::replace;

/// Arguments of `visage embed`.
#[derive(Args, Debug)]
pub(super) struct EmbedArgs {
    #[arg(value_name = "RUN|WEIGHTS|NAME", help = super::NETWORK_HELP)]
    weights: PathBuf,
    /// Folder of faces, searched at every depth.
    #[arg(value_name = "DIR")]
    faces: PathBuf,
    /// Folder for F_s.npy, F_f.npy, F_p.npy and files.csv.
    #[arg(long, value_name = "DIR", default_value = "features")]
    out: PathBuf,
    /// Side of the pictures in pixels; training uses 64.
    #[arg(long, value_name = "PX", default_value_t = 64, value_parser = clap::value_parser!(u16).range(16..=512))]
    size: u16,
    /// auto (the default), gpu, cpu, software, or a number from `visage devices`.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceRequest,
}

pub(super) fn run(args: EmbedArgs) -> Result<u8> {
    let (files, skipped) = pictures_below(&args.faces)?;
    let device = choose(args.device)?.device;
    let trained = Trained::open(&args.weights, &device)?;
    let side_px = usize::from(args.size);
    let input = Input::whole(side_px);
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;

    let bar = bar("Encoding", files.len());
    let (mut codes, mut rows) = (Codes::default(), Vec::new());
    let mut left_out = LeftOut::default();
    left_out.add(skipped);
    for batch in files.chunks(batch_size(side_px)) {
        let pictures: Vec<Picture> = batch.iter().cloned().map(Picture::File).collect();
        let (planes, usable) = input.prepare_usable(&pictures, &mut left_out)?;
        if !usable.is_empty() {
            codes.extend(encode(&trained.model.encoder, &planes, side_px)?);
        }
        rows.extend(usable);
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    name_left_out(&left_out);
    if rows.is_empty() {
        return Err(InputError(format!(
            "none of the {} pictures can be used: {}",
            files.len(),
            args.faces.display()
        ))
        .into());
    }

    // All files stand before the first word about them.
    let mut words = Vec::new();
    let mut write = |name: String, bytes: Vec<u8>, what: String| -> Result<()> {
        let path = args.out.join(name);
        replace(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        words.push(format!("{}: {what}", path.display()));
        Ok(())
    };
    for (name, matrix) in codes.named() {
        let size = format!("{} × {} numbers", matrix.rows, matrix.cols);
        write(format!("{name}.npy"), npy(matrix)?, size)?;
    }
    let names = rows.iter().filter_map(|picture| match picture {
        Picture::File(file) => Some(file.strip_prefix(&args.faces).unwrap_or(file)),
        Picture::Block { .. } => None,
    });
    let what = "which row is which file".to_owned();
    write("files.csv".into(), table(names)?, what)?;
    let skipped = args.out.join("skipped.csv");
    // That of an earlier call says nothing about this one.
    let _ = std::fs::remove_file(&skipped);
    if let Some(told) = left_out.words() {
        append_csv(&skipped, &left_out.files)
            .with_context(|| format!("cannot write {}", skipped.display()))?;
        words.push(format!("{}: {told}", skipped.display()));
    }
    for line in words {
        say!("{line}");
    }
    Ok(DONE)
}

/// The table of rows and files. Names that are no UTF-8 are written as [`spelled`] says.
fn table<'a>(names: impl Iterator<Item = &'a Path>) -> Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["row", "file"])?;
    for (row, name) in names.enumerate() {
        table.write_record([row.to_string(), spelled(name)])?;
    }
    Ok(table.into_inner().map_err(|error| error.into_error())?)
}

fn npy(matrix: &Matrix) -> Result<Vec<u8>> {
    let rows = ArrayView2::from_shape((matrix.rows, matrix.cols), &matrix.data)?;
    let mut bytes = Vec::new();
    rows.write_npy(&mut bytes)?;
    Ok(bytes)
}
