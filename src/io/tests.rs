use super::*;
use ndarray::{ArrayD, IxDyn, ShapeBuilder, array};
use std::fs;

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a temporary file");
    (folder, path)
}

fn refusal(name: &str, bytes: &[u8]) -> String {
    let (_folder, path) = written(name, bytes);
    let error = read_points(&path).expect_err("must be refused");
    assert!(error.to_string().contains(name), "names the file: {error}");
    error.problem.to_string()
}

/// The bytes numpy writes for `numpy.array([[1, 2, 3], [4, 5, 6]], dtype)`, header laid out by hand.
fn npy(dtype: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).expect("short").to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn little(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

#[test]
fn numpy_arrays_of_every_layout_are_read() {
    let expected = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    let rows = [1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0];
    let columns = [1.0, 4.0, 2.0, 5.0, 3.0, 6.0];
    let f4: Vec<u8> = rows.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect();
    let i8: Vec<u8> = rows.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect();
    let big: Vec<u8> = rows.iter().flat_map(|v| v.to_be_bytes()).collect();
    for bytes in [
        npy("<f8", false, "(2, 3)", &little(&rows)),
        npy("<f8", true, "(2, 3)", &little(&columns)),
        npy("<f4", false, "(2, 3)", &f4),
        npy("<i8", false, "(2, 3)", &i8),
        npy(">f8", false, "(2, 3)", &big),
    ] {
        let (_folder, path) = written("a.npy", &bytes);
        let points = read_points(&path).expect("readable");
        assert_eq!(points, expected);
        assert!(points.is_standard_layout());
    }
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("new/folders/points.npy");
    let points = array![[1.0, -0.0], [f64::MAX, f64::MIN_POSITIVE]];
    write_bytes(&path, &npy_bytes(&points).expect("in memory")).expect("writable");
    assert_eq!(read_points(&path).expect("readable"), points);
    let transposed = points.t();
    write_bytes(&path, &npy_bytes(&transposed).expect("in memory")).expect("writable");
    assert_eq!(read_points(&path).expect("readable"), transposed);
}

#[test]
fn archives_hold_every_array() {
    let line = ArrayD::from_shape_vec(IxDyn(&[3]), vec![1.0, 2.0, 3.0]).expect("fits");
    let bytes = npz_bytes(&[("log_p", line.clone()), ("v", ArrayD::zeros(IxDyn(&[3, 2]).f()))]).expect("in memory");
    let mut archive = ndarray_npy::NpzReader::new(std::io::Cursor::new(bytes)).expect("an archive");
    assert_eq!(archive.names().expect("names"), ["log_p", "v"]);
    let back: ArrayD<f64> = archive.by_name("log_p").expect("there");
    assert_eq!(back, line);
    assert!(refusal("a.npz", b"PK").contains("archive"));
}

#[test]
fn tables_are_read_with_and_without_a_header() {
    let expected = array![[1.0, -2.5], [3e4, 0.0]];
    for text in [
        "1,-2.5\n3e4,0\n",
        "a,b\n1,-2.5\n3e4,0",
        "# made by hand\r\n1; -2.5\r\n3e4; 0\r\n",
        "\u{feff}x\ty\n1\t-2.5\n\n3e4\t0\n",
    ] {
        let (_folder, path) = written("a.csv", text.as_bytes());
        assert_eq!(read_points(&path).expect("readable"), expected, "{text:?}");
    }
    let (_folder, path) = written("w.csv", b"0.25\n0.75\n");
    assert_eq!(read_weights(&path).expect("readable"), array![0.25, 0.75]);
}

#[test]
fn wrong_tables_are_refused_with_the_place() {
    assert_eq!(refusal("a.csv", b"1,2\n3,nan\n"), "row 1, column 1 (counted from 0) is NaN");
    assert_eq!(refusal("a.csv", b"1,2\n3,x\n"), "line 2, column 1 (counted from 0) is `x`, not a number");
    assert_eq!(refusal("a.csv", b"1,2\n3\n"), "line 2 has 1 columns, the lines before it have 2");
    assert_eq!(refusal("a.csv", b""), "it is empty: 0 points in 0 dimensions");
    assert_eq!(refusal("a.csv", b"x,y\n"), "it is empty: 0 points in 0 dimensions");
    assert!(refusal("a.csv", b"1,2\n\xff\xfe,1\n").contains("not a number"));
    let (_folder, path) = written("w.csv", b"1,2\n3,4\n");
    assert!(read_weights(&path).expect_err("two columns").to_string().contains("[2, 2]"));
}

#[test]
fn wrong_arrays_are_refused_with_the_reason() {
    let nan = npy("<f8", false, "(2, 2)", &little(&[0.0, 1.0, f64::INFINITY, 3.0]));
    assert_eq!(refusal("a.npy", &nan), "row 1, column 0 (counted from 0) is inf");
    assert_eq!(refusal("a.npy", &npy("<c16", false, "(1, 1)", &[0; 16])), "its numbers have dtype '<c16'");
    assert_eq!(refusal("a.npy", &npy("<U4", false, "(1, 1)", &[0; 16])), "its numbers have dtype '<U4'");
    assert_eq!(
        refusal("a.npy", &npy("<f8", false, "(1, 1, 1)", &[0; 8])),
        "it has shape [1, 1, 1], expected points [M, N]"
    );
    assert_eq!(refusal("a.npy", &npy("<f8", false, "(0, 2)", &[])), "it is empty: 0 points in 2 dimensions");
    assert!(refusal("a.npy", &npy("<f8", false, "(2, 2)", &[0; 31])).contains("ends before"));
    assert!(refusal("a.npy", &npy("<f8", false, "(4294967296, 4294967296)", &[0; 8])).contains("ends before"));
    assert!(refusal("a.npy", &npy("<f8", false, "(1, 1)", &[0; 9])).contains("extra"));
    assert_eq!(refusal("a.npy", b"1,2\n"), "it is not an .npy file");
    let nested = format!("{}{}", "(".repeat(5000), ")".repeat(5000));
    assert!(refusal("a.npy", &npy("<f8", false, &nested, &[])).contains("header"));
}

#[test]
fn every_prefix_of_an_array_is_refused() {
    let whole = npy("<f8", false, "(1, 2)", &little(&[1.0, 2.0]));
    for length in 0..whole.len() {
        let (_folder, path) = written("a.npy", &whole[..length]);
        assert!(read_points(&path).is_err(), "the first {length} bytes");
    }
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let occupied = folder.path().join("occupied");
    fs::create_dir(&occupied).expect("a folder");
    let error = write_bytes(&occupied, b"new").expect_err("a folder is in the way");
    assert!(error.to_string().contains("occupied") && error.help().contains("folder"));
    let file = folder.path().join("file");
    fs::write(&file, "old").expect("a file");
    let error = write_bytes(&file.join("below"), b"new").expect_err("a file is in the way");
    assert!(error.help().contains("not a folder"), "{error}: {}", error.help());
    assert_eq!(fs::read(&file).expect("still there"), b"old");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "no temporary file is left");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_with_a_remedy() {
    let error = write_bytes(Path::new("/dev/full"), b"numbers").expect_err("always full");
    assert!(error.to_string().contains("/dev/full") && error.help().contains("space"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_stay_links() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, "old").expect("a file");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    write_bytes(&link, b"new").expect("writable");
    assert_eq!(fs::read(&target).expect("there"), b"new");
    assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
}
