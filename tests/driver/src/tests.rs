//! What the driver refuses: every wrong use is answered as the manual says, by a driver that would not notice if it were not looked for.

use cudarc::driver::sys::CUresult;

use crate::machine::Type;
use crate::memory::Origin;
use crate::plan::Plan;
use crate::record::Record;
use crate::state::{Driver, Shape};

/// Adds one to so many floats.
const TEXT: &str = "\
.version 6.0
.target sm_70
.address_size 64
.visible .entry add_one(
	.param .u64 numbers,
	.param .u32 count
)
.maxntid 32, 1, 1
{
	.reg .pred %p<1>;
	.reg .b32 %r<2>;
	.reg .b64 %rd<3>;
	.reg .f32 %f<1>;
	ld.param.u64 %rd0, [numbers];
	cvta.to.global.u64 %rd1, %rd0;
	ld.param.u32 %r0, [count];
	mov.u32 %r1, %tid.x;
	setp.ge.u32 %p0, %r1, %r0;
	@%p0 bra END;
	mad.wide.u32 %rd2, %r1, 4, %rd1;
	ld.global.f32 %f0, [%rd2];
	add.rn.f32 %f0, %f0, 0f3F800000;
	st.global.f32 [%rd2], %f0;
END:
	ret;
}
";

/// A driver of two devices, the context of the first current.
fn started(plan: &str) -> Driver {
    let mut driver = Driver::new(Plan::read(plan).expect("a plan"), Record::default());
    driver.initialise().expect("devices");
    (0..driver.count()).for_each(|device| driver.retain(device));
    driver.set_current(Some(0)).expect("a context");
    driver
}

fn threads(count: u32) -> Shape {
    Shape { grid: [1, 1, 1], block: [count, 1, 1], shared_bytes: 0 }
}

/// Launches the text for so many of eight floats; what the next synchronisation says, and the floats.
fn added(driver: &mut Driver, count: u64) -> (Result<(), CUresult>, Vec<f32>) {
    let module = driver.load_text(0, TEXT).expect("a module");
    let function = driver.function(module, "add_one").expect("a function");
    let numbers = driver.allocate(0, 32, Origin::Pool).expect("room");
    driver.bytes_mut(0, numbers, 32).expect("bytes").fill(0);
    assert_eq!(driver.parameters(0, function, threads(32)), Ok(vec![Type::U64, Type::U32]));
    driver.launch(0, function, threads(32), &[(Type::U64, numbers), (Type::U32, count)]).expect("begun");
    let ended = driver.synchronise(0).map(drop);
    let bytes = driver.bytes_mut(0, numbers, 32).expect("bytes");
    (ended, bytes.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

#[test]
fn a_launch_computes_what_the_text_says() {
    let (ended, numbers) = added(&mut started(""), 5);
    assert_eq!((ended, numbers), (Ok(()), vec![1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]));
}

#[test]
fn an_access_outside_is_told_at_the_next_synchronisation_and_ever_after() {
    for (plan, count) in [("", 9), ("fault=1", 5)] {
        let mut driver = started(plan);
        assert_eq!(added(&mut driver, count).0, Err(CUresult::CUDA_ERROR_ILLEGAL_ADDRESS));
        assert_eq!(driver.working(), Err(CUresult::CUDA_ERROR_ILLEGAL_ADDRESS));
    }
}

#[test]
fn shapes_and_functions_that_do_not_fit_are_refused() {
    let mut driver = started("gpus=8.0,8.0");
    let module = driver.load_text(0, TEXT).expect("a module");
    let wrong = Err(CUresult::CUDA_ERROR_INVALID_VALUE);
    for shape in [
        threads(33),
        threads(0),
        Shape { grid: [1, 65536, 1], ..threads(1) },
        Shape { grid: [1 << 31, 1, 1], ..threads(1) },
        Shape { shared_bytes: 4, ..threads(1) },
    ] {
        assert_eq!(driver.parameters(0, module, shape), wrong, "{shape:?}");
    }
    assert_eq!(driver.parameters(1, module, threads(1)), wrong, "a function of another context");
    assert_eq!(driver.function(module, "add_two"), Err(CUresult::CUDA_ERROR_NOT_FOUND));
    driver.unload(0, module).expect("a module");
    let gone = Err(CUresult::CUDA_ERROR_INVALID_HANDLE);
    assert_eq!((driver.unload(0, module), driver.function(module, "add_one")), (gone, gone.map(|()| 0)));
    assert_eq!(driver.parameters(0, module, threads(1)), Err(CUresult::CUDA_ERROR_INVALID_HANDLE));
    assert_eq!(driver.load_text(0, "no text"), Err(CUresult::CUDA_ERROR_INVALID_PTX));
}

#[test]
fn memory_is_freed_once_where_and_as_it_was_allocated() {
    let mut driver = started("gpus=8.0,8.0 memory=64");
    let wrong = Err(CUresult::CUDA_ERROR_INVALID_VALUE);
    let (pooled, direct) =
        (driver.allocate(0, 32, Origin::Pool).expect("room"), driver.allocate(0, 32, Origin::Direct).expect("room"));
    assert_eq!(driver.allocate(0, 1, Origin::Pool), Err(CUresult::CUDA_ERROR_OUT_OF_MEMORY));
    assert_eq!(driver.allocate(0, 0, Origin::Pool), Err(CUresult::CUDA_ERROR_INVALID_VALUE));
    assert_eq!((driver.free(1, pooled, Origin::Pool), driver.free(0, direct, Origin::Pool)), (wrong, wrong));
    assert_eq!(driver.free(0, pooled, Origin::Pool), Ok(()));
    assert_eq!(driver.free(0, pooled, Origin::Pool), wrong);
    assert!(driver.bytes_mut(0, pooled, 1).is_err() && driver.bytes_mut(0, direct, 33).is_err());
    let mut without = started("pools=no");
    assert_eq!(without.allocate(0, 1, Origin::Pool), Err(CUresult::CUDA_ERROR_NOT_SUPPORTED));
}

#[test]
fn calls_need_a_context_and_an_initialised_driver_that_knows_them() {
    let mut driver = started("version=11010");
    driver.release(0).expect("it was retained");
    assert_eq!(driver.working(), Err(CUresult::CUDA_ERROR_INVALID_CONTEXT), "it is gone");
    assert_eq!(driver.release(0), Err(CUresult::CUDA_ERROR_INVALID_CONTEXT));
    assert_eq!(driver.set_current(Some(0)), Err(CUresult::CUDA_ERROR_INVALID_CONTEXT));
    assert_eq!(driver.enter("cuMemAllocAsync", 11020), Err(CUresult::CUDA_ERROR_NOT_FOUND));
    let mut asleep = Driver::new(Plan::default(), Record::default());
    assert_eq!(asleep.enter("cuDeviceGetCount", 2000), Err(CUresult::CUDA_ERROR_NOT_INITIALIZED));
    assert_eq!(asleep.enter("cuDriverGetVersion", 2020), Ok(()));
}

#[test]
fn a_copy_that_is_not_waited_for_is_lost() {
    let mut driver = started("");
    driver.begin_copy(0, None);
    driver.enter("cuCtxGetCurrent", 4000).expect("it may be asked for");
    assert!(driver.synchronise(0).expect("a device").is_some());
    driver.begin_copy(0, None);
    driver.enter("cuLaunchKernel", 4000).expect("a call");
    assert!(driver.synchronise(0).expect("a device").is_none());
}
