//! The bytes of every instruction against GNU's assembler; what of a loop stays in registers. What the code computes is compared with the
//! interpreter in the runtime's conformance suite.

use super::asm::{Arith, Assembler, Form, Gpr, Mem, Rm, Ymm};
use super::{Avx2, Target as _};
use crate::codegen::Unsupported;
use crate::kernel::{Compare, Kernel, KernelBuilder, Mean, Precision};

/// `bytes in hex`, a tab, `instruction`: a line for each instruction of [`every_form`], as GNU's assembler has it
/// (binutils 2.40, `.intel_syntax noprefix`).
const ENCODINGS: &str = include_str!("../../../tests/reference/avx2_encodings.txt");

/// Every instruction, over registers and addresses of every kind of encoding. Labels and frames come last.
fn every_form(asm: &mut Assembler) {
    let registers = [Ymm(0), Ymm(5), Ymm(8), Ymm(15)];
    let addresses = [
        Mem::at(Gpr::Rax, 0),
        Mem::at(Gpr::Rdi, 32),
        Mem::at(Gpr::R8, 4096),
        Mem::at(Gpr::Rsp, 0),
        Mem::at(Gpr::Rsp, 96),
        Mem::at(Gpr::Rbp, 0),
        Mem::at(Gpr::R11, 127),
        Mem::indexed(Gpr::Rdx, Gpr::R10, 32),
        Mem::indexed(Gpr::R9, Gpr::Rax, 0),
        Mem::indexed(Gpr::Rbp, Gpr::R11, 128),
    ];
    for (i, place) in addresses.into_iter().enumerate() {
        let (a, b) = (registers[i % 4], registers[(i + 1) % 4]);
        asm.load(a, place);
        asm.store(place, a);
        asm.broadcast(a, place);
        asm.arith(Arith::Add, a, b, Rm::Mem(place));
        asm.blend(a, b, Rm::Mem(place), registers[(i + 2) % 4]);
        asm.sqrt(a, Rm::Mem(place));
        asm.round(a, Rm::Mem(place));
        asm.compare(Compare::Lt, a, b, Rm::Mem(place));
        asm.fma(Form::F213, a, b, Rm::Mem(place));
    }
    for a in registers {
        for b in registers {
            asm.copy(a, b);
            asm.sqrt(a, Rm::Reg(b));
            asm.round(a, Rm::Reg(b));
            asm.shift(true, a, b, 23);
            asm.shift(false, a, b, 52);
            for c in [Ymm(3), Ymm(12)] {
                asm.blend(a, b, Rm::Reg(c), Ymm(9));
                for form in [Form::F132, Form::F213, Form::F231] {
                    asm.fma(form, a, b, Rm::Reg(c));
                }
                for relation in [Compare::Lt, Compare::Le, Compare::Eq] {
                    asm.compare(relation, a, b, Rm::Reg(c));
                }
            }
        }
    }
    use Arith::{Add, And, Div, Max, Min, Mul, Or, Sub, Xor};
    for op in [And, Or, Xor, Add, Mul, Sub, Min, Div, Max] {
        asm.arith(op, Ymm(1), Ymm(2), Rm::Reg(Ymm(3)));
        asm.arith(op, Ymm(9), Ymm(2), Rm::Reg(Ymm(13)));
    }
    registers.into_iter().for_each(|a| asm.test_signs(a));
    asm.zero_upper();
    for register in [Gpr::Rax, Gpr::R9, Gpr::R11] {
        asm.copy_pointer(register, Gpr::Rsi);
        asm.load_pointer(register, Mem::at(Gpr::Rbp, 24));
        asm.store_pointer(Mem::at(Gpr::R8, 0), register);
        asm.advance(register, 64);
        asm.advance(register, -1);
        asm.advance(register, 1024);
        asm.clear(register);
        asm.shift_pointer_left(register, 6);
    }
    asm.enter(4096);
    asm.leave();
}

fn hex(code: &[u8]) -> String {
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn bytes_are_those_of_another_assembler() {
    for (precision, title) in [(Precision::F32, "# f32"), (Precision::F64, "# f64")] {
        let mut asm = Assembler::new(precision);
        every_form(&mut asm);
        let (code, text) = asm.finish();
        let section = ENCODINGS.split_once(title).expect("a section").1;
        let reference: Vec<(&str, &str)> =
            section.lines().skip(1).take_while(|l| !l.starts_with('#')).filter_map(|l| l.split_once('\t')).collect();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines.len(), reference.len(), "the instructions of {title}:\n{text}");
        let mut rest = &code[..];
        for (line, (bytes, instruction)) in lines.iter().zip(&reference) {
            assert_eq!(line, instruction);
            let (own, after) = rest.split_at(bytes.len() / 2);
            assert_eq!(hex(own), *bytes, "{line}");
            rest = after;
        }
        assert!(rest.is_empty());
    }
}

#[test]
fn a_jump_ahead_leads_to_where_it_arrives_and_back() {
    let mut asm = Assembler::new(Precision::F64);
    let ahead = asm.leave_if_not_zero();
    let back = asm.label();
    asm.copy(Ymm(0), Ymm(1));
    asm.arrive(ahead);
    asm.copy(Ymm(1), Ymm(2));
    asm.jump_back(back);
    let (code, text) = asm.finish();
    let copies = 4;
    assert_eq!(code[..6], [0x0F, 0x85, copies, 0, 0, 0], "over one instruction: {text}");
    // Another way to leave.
    let mut asm = Assembler::new(Precision::F64);
    let ahead = asm.leave_unless_below(Gpr::R11, Gpr::Rcx);
    asm.arrive(ahead);
    assert_eq!(hex(&asm.finish().0), "4939cb0f8300000000", "cmp r11, rcx; jae to the next instruction");
    // Back over both copies and the jump itself.
    assert_eq!(code[code.len() - 5], 0xE9);
    assert_eq!(
        i32::from_le_bytes(code[code.len() - 4..].try_into().expect("four bytes")),
        -(2 * i32::from(copies) + 5)
    );
}

#[test]
fn jumps_lead_back_to_their_labels() {
    for turns in [1, 40] {
        let mut asm = Assembler::new(Precision::F32);
        asm.clear(Gpr::Rax);
        let label = asm.label();
        (0..turns).for_each(|_| asm.copy(Ymm(0), Ymm(1)));
        asm.repeat_while_below(label, Gpr::Rax, Gpr::R10);
        asm.repeat_while_not_zero(label);
        let (code, _) = asm.finish();
        // The label is behind three bytes; a jump's distance counts from its own end.
        let distance = |end: usize, bytes: &[u8]| match bytes {
            [one] => i64::from(*one as i8) + end as i64,
            four => i64::from(i32::from_le_bytes(four.try_into().expect("four bytes"))) + end as i64,
        };
        let first = 3 + 4 * turns + 3;
        let (second, end) = if turns == 1 { (first + 2, code.len()) } else { (first + 6, code.len()) };
        let opcode = if turns == 1 { 1 } else { 2 };
        assert_eq!(distance(second, &code[first + opcode..second]), 3);
        assert_eq!(distance(end, &code[second + opcode..end]), 3);
    }
}

/// `w / (q + t^2)^2` and the mean displacement: Poisson's kernel in three dimensions.
fn cauchy(dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("cauchy", Precision::F32, dim);
    let (t2, one) = (k.uniform("t^2"), k.constant(1.0));
    let rho2 = k.add(pair.q, t2);
    let power = k.mul(rho2, rho2);
    let w = k.div(pair.w, power);
    k.finish_linear_reduce(w, vec![Mean::displacement("v", one)]).expect("a kernel")
}

/// The instructions between the innermost label and its jump.
fn innermost(kernel: &Kernel) -> Vec<String> {
    let text = Avx2.emit(kernel).expect("few dimensions").text;
    let (_, from_label) = text.split_once(".L1:").expect("the loop over blocks");
    let (body, _) = from_label.split_once("jb .L1").expect("its jump");
    body.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_small_loop_lives_in_registers_and_moves_nothing() {
    let body = innermost(&cauchy(3));
    // Two vectors of three differences, three terms of q, its softening, square, quotient and four sums; a weight to load for
    // each; three instructions steer.
    assert_eq!(body.len(), 2 * (3 + 3 + 1 + 1 + 1 + 4 + 1) + 3, "{body:#?}");
    assert!(!body.iter().any(|line| line.contains("[rsp") || line.starts_with("vmovaps")), "{body:#?}");
}

#[test]
fn sums_that_find_no_register_stay_in_the_frame() {
    let body = innermost(&cauchy(16));
    assert!(body.iter().any(|line| line.starts_with("vmovups ymmword ptr [rsp")), "{body:#?}");
}

/// `exp(-q)` by its logarithm and the mean displacement: the heat kernel.
fn gauss(dim: usize) -> Kernel {
    let (mut k, pair) = KernelBuilder::reduce("gauss", Precision::F64, dim);
    let (l, one) = (k.sub(pair.log_w, pair.q), k.constant(1.0));
    k.finish_reduce(l, vec![Mean::displacement("v", one)]).expect("a kernel")
}

#[test]
fn a_path_beside_the_straight_one_is_left_and_reached_by_jumps_that_match() {
    let text = Avx2.emit(&gauss(2)).expect("few dimensions").text;
    let body = innermost(&gauss(2));
    let exits: Vec<&str> = body.iter().filter_map(|line| line.strip_prefix("jne ")).collect();
    assert_eq!(exits.len(), 1, "one for both vectors of a block: {body:#?}");
    let (_, beside) = text.split_once("ret\n").expect("the end of the straight path");
    let paths: Vec<&str> = beside.split_inclusive("jmp .L").collect();
    for (exit, path) in exits.iter().zip(&paths) {
        assert!(path.contains(&format!("{exit}:")), "{exit} in {path}");
        // Every register is stored and loaded again.
        let saved = |i: usize| (0..2).all(|end| path.matches(&format!("ymm{i}{}", ["\n", ", "][end])).count() > 0);
        assert!((0..16).all(saved), "{path}");
    }
}

#[test]
fn more_dimensions_are_refused_with_the_reason() {
    for kernel in [cauchy(17), gauss(17)] {
        match Avx2.emit(&kernel) {
            Err(Unsupported::Feature { what, .. }) => assert!(what.contains("more than 16 dimensions"), "{what}"),
            other => panic!("{other:?}"),
        }
    }
}
