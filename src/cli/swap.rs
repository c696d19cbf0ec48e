//! `visage swap`: two or more photos, each in the pose of the others.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::output::{name_left_out, say};
use super::{DONE, InputError};
use crate::data::labelled::{LeftOut, Picture};
use crate::device::{DeviceRequest, choose};
use crate::eval::encode::upload;
use crate::eval::faces::SIDE_PX;
use crate::eval::input::Input;
use crate::eval::trained::Trained;
use crate::record::grid::png_bytes;
use crate::record::replace;
use crate::train::snapshot::grids;

/// Photos in one grid; more columns are not legible.
const MOST: usize = 8;

/// Arguments of `visage swap`.
#[derive(Args, Debug)]
pub(super) struct SwapArgs {
    #[arg(value_name = "RUN|WEIGHTS|NAME", help = super::NETWORK_HELP)]
    weights: PathBuf,
    /// Two to eight photos of faces, cropped like those the network was trained on.
    #[arg(value_name = "PHOTO", num_args = 2..)]
    photos: Vec<PathBuf>,
    /// Folder for swap.png and reconstruction.png.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// auto (the default), gpu, cpu, software, or a number from `visage devices`.
    #[arg(long, value_name = "DEVICE", default_value_t)]
    device: DeviceRequest,
}

pub(super) fn run(args: SwapArgs) -> Result<u8> {
    if args.photos.len() > MOST {
        return Err(InputError(format!(
            "{} photos do not fit one grid; give two to {MOST}",
            args.photos.len()
        ))
        .into());
    }
    let device = choose(args.device)?.device;
    let trained = Trained::open(&args.weights, &device)?;
    let pictures: Vec<Picture> = args.photos.into_iter().map(Picture::File).collect();
    // Squares from the middle: a stretched face is not one the network knows.
    let input = Input {
        crop: 1.0,
        ..Input::whole(SIDE_PX)
    };
    let mut left_out = LeftOut::default();
    let (planes, usable) = input.prepare_usable(&pictures, &mut left_out)?;
    name_left_out(&left_out);
    if usable.len() < 2 {
        let text = "a swap needs two photos that can be used; those that cannot are named above";
        return Err(InputError(text.into()).into());
    }
    let faces = upload(&planes, SIDE_PX, &device);
    let steps = trained.network.steps().unwrap_or_default();
    let grids =
        grids(&trained.model, faces, &trained.network.config, steps).map_err(anyhow::Error::msg)?;
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("cannot make the folder {}", args.out.display()))?;
    let mut written = Vec::new();
    for grid in grids {
        let path = args.out.join(format!("{}.png", grid.kind));
        replace(&path, &png_bytes(&grid)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        written.push(path);
    }
    for path in written {
        say!("{}", path.display());
    }
    Ok(DONE)
}
