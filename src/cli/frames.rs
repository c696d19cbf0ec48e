//! `visage frames`: videos to folders of frames.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::output::{Output, complain};
use super::{DONE, INPUT, InputError};
use crate::data::video::{FaceBox, FrameMaker, VideoError, clips};

/// Arguments of `visage frames`.
#[derive(Args, Debug)]
pub(super) struct FramesArgs {
    /// Videos, or folders of videos at any depth.
    #[arg(required = true, value_name = "VIDEO")]
    videos: Vec<PathBuf>,
    /// Folder that gets one folder of numbered frames per video.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Frames per second.
    #[arg(long, default_value_t = 6.0, value_parser = fps)]
    fps: f64,
    /// Box around the face, the same in every frame: left, top, width and height in pixels, or in
    /// fractions of the picture if none is above 1 [default: the largest square in the middle].
    #[arg(long = "box", value_name = "X,Y,W,H", allow_hyphen_values = true)]
    face_box: Option<FaceBox>,
    /// Side of the frames in pixels, 64 to 1024.
    #[arg(long, value_name = "PX", default_value_t = 160, value_parser = clap::value_parser!(u32).range(64..=1024))]
    side: u32,
}

fn fps(text: &str) -> Result<f64, String> {
    let fps: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let fits = fps > 0.0 && fps <= 240.0;
    fits.then_some(fps)
        .ok_or("a number above 0 and at most 240 is needed".into())
}

pub(super) fn run(args: FramesArgs) -> Result<u8> {
    let maker = FrameMaker {
        ffmpeg: "ffmpeg".into(),
        fps: args.fps,
        face_box: args.face_box.unwrap_or_default(),
        side_px: args.side,
    };
    let clips = clips(&args.videos).map_err(users)?;
    maker.check().map_err(users)?;
    let (mut frames, mut failed) = (0, 0);
    let mut out = Output;
    for (at, (video, place)) in clips.iter().enumerate() {
        match maker.make(video, &args.out.join(place)) {
            Ok(count) => {
                frames += count;
                let place = place.display();
                writeln!(out, "{}/{} {place}: {count} frames", at + 1, clips.len())?;
            }
            Err(error @ VideoError::Unreadable { .. }) => {
                failed += 1;
                complain!("visage: {error}");
            }
            Err(error) => return Err(users(error).into()),
        }
    }
    let made = clips.len() - failed;
    writeln!(
        out,
        "{frames} frames of {made} videos: {}",
        args.out.display()
    )?;
    if failed > 0 {
        complain!(
            "visage: {failed} of {} videos gave no frames; they are named above",
            clips.len()
        );
        return Ok(INPUT);
    }
    Ok(DONE)
}

/// Every one of them can be settled by other arguments, a program or more space.
fn users(error: VideoError) -> InputError {
    InputError(error.to_string())
}
