//! From videos to folders of frames, one per video, through an installed `ffmpeg`.
//!
//! A video becomes a clip: numbered pictures, some per second, all cut by one box, so that the face
//! moves in them as it did before the camera.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str::FromStr;

use walkdir::WalkDir;

/// Extensions of video files, in any case.
const EXTENSIONS: [&str; 13] = [
    "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "ogv", "wmv", "flv", "3gp",
];

/// Why a video gave no frames, or there are no videos.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// There is no such program.
    #[error(
        "ffmpeg was not found, and it is what reads videos; install it (apt install ffmpeg, brew install ffmpeg, \
         winget install ffmpeg) and see that `ffmpeg -version` works"
    )]
    NoFfmpeg,
    /// Nothing of this name.
    #[error("there is no such video or folder: {}", .0.display())]
    Missing(PathBuf),
    /// A folder without videos.
    #[error("no video ({}) was found at any depth: {}", EXTENSIONS.join(", "), .0.display())]
    NoVideo(PathBuf),
    /// ffmpeg could not make frames of it.
    #[error("this video gave no frames ({reason}): {}", video.display())]
    Unreadable {
        /// The video.
        video: PathBuf,
        /// What ffmpeg says.
        reason: String,
    },
    /// The frames cannot be kept.
    #[error("the frames cannot be written ({reason}): {}", folder.display())]
    Unwritable {
        /// The clip's folder.
        folder: PathBuf,
        /// What the system says.
        reason: String,
    },
}

/// The box that is cut out of every frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FaceBox {
    /// The largest square in the middle.
    #[default]
    Centre,
    /// Left, top, width and height as fractions of the picture.
    Fractions([f64; 4]),
    /// Left, top, width and height in pixels.
    Pixels([u32; 4]),
}

impl FromStr for FaceBox {
    type Err = String;

    /// `x,y,w,h`: fractions if none is above 1, otherwise pixels.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write the box as x,y,w,h, in pixels or in fractions up to 1".to_owned();
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|n| n.trim().parse()).collect();
        let &[x, y, w, h] = numbers.map_err(|_| wrong())?.as_slice() else {
            return Err(wrong());
        };
        let numbers = [x, y, w, h];
        if numbers.iter().any(|n| !(0.0..=1e5).contains(n)) || w == 0.0 || h == 0.0 {
            return Err(wrong());
        }
        if numbers.iter().all(|&n| n <= 1.0) {
            if x + w > 1.0 || y + h > 1.0 {
                return Err("the box reaches beyond the picture".into());
            }
            Ok(Self::Fractions(numbers))
        } else if numbers.iter().all(|n| n.fract() == 0.0) {
            Ok(Self::Pixels(numbers.map(|n| n as u32)))
        } else {
            Err(wrong())
        }
    }
}

impl FaceBox {
    /// As a filter of ffmpeg.
    fn filter(self) -> String {
        match self {
            // Without a place ffmpeg takes the middle.
            Self::Centre => r"crop=min(iw\,ih):min(iw\,ih)".into(),
            Self::Fractions([x, y, w, h]) => format!("crop=iw*{w}:ih*{h}:iw*{x}:ih*{y}"),
            Self::Pixels([x, y, w, h]) => format!("crop={w}:{h}:{x}:{y}"),
        }
    }
}

/// How frames are made.
#[derive(Clone, Debug)]
pub struct FrameMaker {
    /// The program, `ffmpeg` or its path.
    pub ffmpeg: PathBuf,
    /// Frames per second.
    pub fps: f64,
    /// The box of every frame; one that is no square is squeezed into one.
    pub face_box: FaceBox,
    /// Side of the pictures in pixels.
    pub side_px: u32,
}

impl FrameMaker {
    /// Checks that ffmpeg is there.
    ///
    /// # Errors
    /// [`VideoError::NoFfmpeg`].
    pub fn check(&self) -> Result<(), VideoError> {
        let mut version = Command::new(&self.ffmpeg);
        version.arg("-version").stdin(Stdio::null());
        match version.stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(VideoError::NoFfmpeg),
        }
    }

    /// Arguments that turn `video` into `000001.jpg`, `000002.jpg`, … in `folder`.
    fn arguments(&self, video: &Path, folder: &Path) -> Vec<OsString> {
        // As a `file:` no name is taken for an option or a protocol.
        let mut input = OsString::from("file:");
        input.push(video);
        // A `%` in a name would be taken for a number's place.
        let folder = folder.to_string_lossy().replace('%', "%%");
        let mut output = OsString::from("file:");
        output.push(Path::new(&folder).join("%06d.jpg"));
        let filters = format!(
            "fps={},{},scale={side}:{side}:flags=area",
            self.fps,
            self.face_box.filter(),
            side = self.side_px
        );
        let mut arguments: Vec<OsString> = ["-hide_banner", "-loglevel", "error", "-nostdin", "-i"]
            .map(OsString::from)
            .into();
        arguments.push(input);
        // Nearly without loss.
        arguments.extend(["-an", "-vf", &filters, "-q:v", "2"].map(OsString::from));
        arguments.push(output);
        arguments
    }

    /// Makes the frames of `video` in `folder` and returns how many. A folder that has frames is
    /// left as it is, so that an interrupted list can be gone on with; one is made whole or not.
    ///
    /// # Errors
    /// If ffmpeg cannot read the video, or the folder cannot be written.
    pub fn make(&self, video: &Path, folder: &Path) -> Result<usize, VideoError> {
        if let Ok(count) = count(folder)
            && count > 0
        {
            return Ok(count);
        }
        let unwritable = |error: io::Error| VideoError::Unwritable {
            folder: folder.into(),
            reason: error.to_string(),
        };
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let part = folder.with_file_name(format!(".{name}.part"));
        let _ = fs::remove_dir_all(&part);
        fs::create_dir_all(&part).map_err(unwritable)?;
        let made = self.run(video, &part).and_then(|made| {
            let _ = fs::remove_dir(folder);
            fs::rename(&part, folder).map_err(unwritable)?;
            Ok(made)
        });
        if made.is_err() {
            let _ = fs::remove_dir_all(&part);
        }
        made
    }

    fn run(&self, video: &Path, folder: &Path) -> Result<usize, VideoError> {
        let unreadable = |reason: String| VideoError::Unreadable {
            video: video.into(),
            reason,
        };
        let mut ffmpeg = Command::new(&self.ffmpeg);
        let output = ffmpeg.args(self.arguments(video, folder)).output();
        let output = output.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => VideoError::NoFfmpeg,
            _ => unreadable(error.to_string()),
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let first = said.lines().map(str::trim).find(|line| !line.is_empty());
            return Err(unreadable(first.unwrap_or("ffmpeg failed").into()));
        }
        match count(folder) {
            Ok(0) => Err(unreadable("it has no picture".into())),
            Ok(count) => Ok(count),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }
}

/// Pictures in a folder.
fn count(folder: &Path) -> io::Result<usize> {
    Ok(super::listing::Listing::read(folder)?.images.len())
}

/// The videos that `paths` name, files or folders of any depth, each with the place of its frames
/// below the output folder: the folders between, then its name without extension. A second video
/// of the same place gets a number.
///
/// # Errors
/// If a path leads to nothing, or a folder holds no video.
pub fn clips(paths: &[PathBuf]) -> Result<Vec<(PathBuf, PathBuf)>, VideoError> {
    let mut clips: Vec<(PathBuf, PathBuf)> = Vec::new();
    let mut taken = std::collections::HashSet::new();
    for path in paths {
        let videos = if path.is_file() {
            vec![path.clone()]
        } else if path.is_dir() {
            videos_below(path)?
        } else {
            return Err(VideoError::Missing(path.clone()));
        };
        for video in videos {
            let between = video
                .parent()
                .and_then(|folder| folder.strip_prefix(path).ok());
            let stem = video.file_stem().unwrap_or_default().to_string_lossy();
            let place = |n: usize| {
                let number = if n > 1 {
                    format!("-{n}")
                } else {
                    String::new()
                };
                let between = between.unwrap_or(Path::new(""));
                between.join(format!("{stem}{number}"))
            };
            let free = (1..).map(place).find(|place| taken.insert(place.clone()));
            clips.extend(free.map(|place| (video.clone(), place)));
        }
    }
    Ok(clips)
}

fn videos_below(folder: &Path) -> Result<Vec<PathBuf>, VideoError> {
    let is_video = |path: &Path| {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    };
    let walk = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    let files = walk
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file());
    let hidden = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().first() == Some(&b'.')
    };
    let videos: Vec<_> = files
        .map(walkdir::DirEntry::into_path)
        .filter(|path| is_video(path) && !hidden(path))
        .collect();
    if videos.is_empty() {
        return Err(VideoError::NoVideo(folder.into()));
    }
    Ok(videos)
}

#[cfg(test)]
#[path = "video_tests.rs"]
mod tests;
