//! `visage embed`: the codes of a folder of faces as files.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use ndarray::ArrayView2;
use ndarray_npy::WriteNpyExt;

use super::{DONE, bar};
use crate::data::labelled::Picture;
use crate::data::pictures_below;
use crate::device::{DeviceRequest, choose};
use crate::eval::encode::{Codes, batch_size, encode};
use crate::eval::input::Input;
use crate::eval::matrix::Matrix;
use crate::eval::trained::Trained;

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
    let files = pictures_below(&args.faces)?;
    let device = choose(args.device)?.device;
    let trained = Trained::open(&args.weights, &device)?;
    let side_px = usize::from(args.size);
    let input = Input::whole(side_px);
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;

    let bar = bar("Encoding", files.len());
    let mut codes = Codes::default();
    for batch in files.chunks(batch_size(side_px)) {
        let pictures: Vec<Picture> = batch.iter().cloned().map(Picture::File).collect();
        let planes = input.prepare(&pictures)?;
        codes.extend(encode(&trained.model.encoder, &planes, side_px)?);
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();

    for (name, matrix) in codes.named() {
        let path = args.out.join(format!("{name}.npy"));
        write_npy(&path, matrix).with_context(|| format!("cannot write {}", path.display()))?;
        println!(
            "{}: {} × {} numbers",
            path.display(),
            matrix.rows,
            matrix.cols
        );
    }
    let path = args.out.join("files.csv");
    let mut table = csv::Writer::from_path(&path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    table.write_record(["row", "file"])?;
    for (row, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&args.faces).unwrap_or(file);
        table.write_record([row.to_string(), name.display().to_string()])?;
    }
    table.flush()?;
    println!("{}: which row is which file", path.display());
    Ok(DONE)
}

fn write_npy(path: &std::path::Path, matrix: &Matrix) -> Result<()> {
    let rows = ArrayView2::from_shape((matrix.rows, matrix.cols), &matrix.data)?;
    rows.write_npy(BufWriter::new(File::create(path)?))?;
    Ok(())
}
