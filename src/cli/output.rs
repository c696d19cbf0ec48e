//! Words on standard output and error that nobody may be listening to any more.

use std::io::{self, Write};

use crate::data::labelled::LeftOut;

/// Standard output. Its reader may have gone (`| head`), or the disk behind it be full; what a command
/// leaves in files does not depend on it, so a word that cannot be said is no error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output;

impl Write for Output {
    fn write(&mut self, words: &[u8]) -> io::Result<usize> {
        let _ = io::stdout().write_all(words);
        Ok(words.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stdout().flush();
        Ok(())
    }
}

/// A line on standard output, like `println!`.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!($crate::cli::output::Output, $($words)*);
    }};
}

/// A line on standard error, like `eprintln!`.
macro_rules! complain {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

pub(super) use {complain, say};

/// Says on standard error which pictures could not be used.
pub(super) fn name_left_out(left_out: &LeftOut) {
    for bad in &left_out.files {
        complain!("left out: {} — {}", bad.file.display(), bad.reason);
    }
}
