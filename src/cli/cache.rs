//! `genphys cache stats|clear`: what is kept on disk between runs.

use super::Outcome;
use super::arguments::{Cache as Arguments, CacheAction};
use super::console::Console;
use super::failure::Failure;
use genphys_runtime::cache::{Cache, Contents};
use serde_json::json;

/// Runs the command.
pub fn run(command: &Arguments, console: &Console) -> Result<Outcome, Failure> {
    let cache = match Cache::of_environment() {
        Ok(cache) => cache,
        Err(why) => {
            let why = why.to_string();
            if console.json() {
                console.print_json(&json!({"folder": null, "why": why, "entries": 0, "bytes": 0}))?;
            } else {
                console.print(&format!("no cache: {why}\n"))?;
            }
            return Ok(Outcome::Expected);
        }
    };
    let folder = cache.folder().display().to_string();
    match command.action {
        CacheAction::Stats => {
            let (Contents { entries, bytes }, bound) = (cache.contents(), cache.bound());
            if console.json() {
                console.print_json(&json!({"folder": folder, "entries": entries, "bytes": bytes, "bound": bound}))?;
            } else {
                let of = format!("{} of at most {}", size(bytes), size(bound));
                console.print(&format!("folder   {folder}\nentries  {entries}\nsize     {of}\n"))?;
            }
        }
        CacheAction::Clear => {
            let gone = cache.clear().map_err(|e| {
                Failure::input(format!("the cache in `{folder}` cannot be cleared: {e}")).help("remove the folder")
            })?;
            let Contents { entries, bytes } = gone;
            if console.json() {
                console.print_json(&json!({"folder": folder, "entries": entries, "bytes": bytes}))?;
            } else {
                console.print(&format!("removed {entries} entries, {}, from `{folder}`\n", size(bytes)))?;
            }
        }
    }
    Ok(Outcome::Expected)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..0x10_0000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_the_unit_that_fits() {
        assert_eq!([0, 1023, 1024, 3 << 19].map(size), ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 MiB"]);
    }
}
