//! From text to instructions: every line is decoded once, its operands checked against the types of the opcode.

use std::collections::HashMap;

/// An entry, decoded.
#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub parameters: Vec<(String, Type)>,
    pub max_threads: usize,
    pub registers: usize,
    pub shared_bytes: usize,
    pub code: Vec<Instruction>,
}

#[derive(Debug)]
pub struct Instruction {
    /// The register of a predicate and the value that lets the instruction run.
    pub guard: Option<(usize, bool)>,
    pub op: Op,
    pub text: String,
}

#[derive(Debug)]
pub enum Op {
    Parameter(usize, usize),
    Load(Space, Type, Vec<usize>, Operand, u64),
    Store(Space, Type, Vec<Operand>, Operand, u64),
    Compute(usize, fn([u64; 3]) -> u64, Vec<Operand>),
    Branch(usize),
    Barrier,
    /// A barrier that leaves in all threads whether a predicate of any is true.
    BarrierOr(usize, usize),
    Return,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Space {
    Global,
    Shared,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand {
    Register(usize),
    Immediate(u64),
    Thread,
    Threads,
    Block(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    F32,
    F64,
    U32,
    U64,
    B32,
    B64,
    Pred,
}

impl Type {
    fn of(name: &str) -> Option<Type> {
        Some(match name {
            "f32" => Type::F32,
            "f64" => Type::F64,
            "u32" => Type::U32,
            "u64" => Type::U64,
            "b32" => Type::B32,
            "b64" => Type::B64,
            "pred" => Type::Pred,
            _ => return None,
        })
    }

    pub fn bytes(self) -> usize {
        match self {
            Type::F32 | Type::U32 | Type::B32 => 4,
            Type::F64 | Type::U64 | Type::B64 => 8,
            Type::Pred => panic!("a predicate has no bytes"),
        }
    }

    /// Whether a register declared as `declared` may be an operand of this type: any of the size for bits.
    fn admits(self, declared: Type) -> bool {
        let is_bits = |t: Type| matches!(t, Type::B32 | Type::B64);
        self == declared
            || (self != Type::Pred
                && declared != Type::Pred
                && self.bytes() == declared.bytes()
                && (is_bits(self) || is_bits(declared)))
    }
}

/// What names mean.
#[derive(Default)]
struct Names {
    parameters: HashMap<String, usize>,
    /// Prefixes with their type, first index and count.
    registers: Vec<(String, Type, usize, usize)>,
    shared: HashMap<String, usize>,
    labels: HashMap<String, usize>,
}

/// Decodes a module with one entry.
pub fn parse(text: &str) -> Entry {
    let text: String =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let (head, rest) = text.split_once(".visible .entry ").expect("an entry");
    for directive in [".version 6.0", ".target sm_70", ".address_size 64"] {
        assert!(head.contains(directive), "no {directive}");
    }
    let (name, rest) = rest.split_once('(').expect("parameters");
    let (parameters, rest) = rest.split_once(')').expect("the end of the parameters");
    let (directives, body) = rest.split_once('{').expect("a body");
    let body = body.trim_end().strip_suffix('}').expect("the end of the body");
    let mut names = Names::default();
    let parameters: Vec<(String, Type)> = parameters
        .split(',')
        .map(|parameter| {
            let words: Vec<&str> = parameter.split_whitespace().collect();
            let [".param", ty, name] = words[..] else { panic!("a parameter: {parameter}") };
            (name.to_owned(), Type::of(ty.trim_start_matches('.')).expect("a type"))
        })
        .collect();
    names.parameters = parameters.iter().enumerate().map(|(i, (name, _))| (name.clone(), i)).collect();
    let max_threads = directives.split_whitespace().nth(1).and_then(|n| n.trim_end_matches(',').parse().ok());
    let mut shared_bytes = 0;
    let mut lines: Vec<String> = Vec::new();
    for statement in body.split([';', '\n']).map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(label) = statement.strip_suffix(':') {
            assert!(names.labels.insert(label.to_owned(), lines.len()).is_none(), "{label} twice");
        } else if let Some(registers) = statement.strip_prefix(".reg .") {
            names.declare(registers);
        } else if let Some(shared) = statement.strip_prefix(".shared .align 16 .b8 ") {
            let (name, size) = shared.split_once('[').expect("a size");
            shared_bytes = usize::next_multiple_of(shared_bytes, 16);
            names.shared.insert(name.to_owned(), shared_bytes);
            shared_bytes += size.trim_end_matches(']').parse::<usize>().expect("a size");
        } else {
            lines.push(statement.to_owned());
        }
    }
    Entry {
        name: name.to_owned(),
        max_threads: max_threads.expect(".maxntid"),
        registers: names.registers.iter().map(|(.., count)| count).sum(),
        shared_bytes,
        code: lines.iter().map(|line| names.instruction(line, &parameters)).collect(),
        parameters,
    }
}

impl Names {
    /// `f32 %f<12>`.
    fn declare(&mut self, text: &str) {
        let (ty, range) = text.split_once(' ').expect("a range of registers");
        let (prefix, count) = range.split_once('<').expect("a range of registers");
        let first = self.registers.last().map_or(0, |(_, _, first, count)| first + count);
        let count = count.trim_end_matches('>').parse().expect("a count");
        self.registers.push((prefix.to_owned(), Type::of(ty).expect("a type"), first, count));
    }

    fn register(&self, name: &str, ty: Type) -> usize {
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or_else(|| panic!("no register: {name}"));
        let (prefix, index) = name.split_at(digits);
        let declared = self.registers.iter().find(|(p, ..)| p == prefix).unwrap_or_else(|| panic!("undeclared {name}"));
        let index: usize = index.parse().expect("an index");
        assert!(index < declared.3, "{name} is beyond its declaration");
        assert!(ty.admits(declared.1), "{name} is no {ty:?}");
        declared.2 + index
    }

    fn operand(&self, text: &str, ty: Type) -> Operand {
        let is_wide = ty.bytes_or_zero() == 8;
        match text {
            "%tid.x" => Operand::Thread,
            "%ntid.x" => Operand::Threads,
            "%ctaid.x" => Operand::Block(0),
            "%ctaid.y" => Operand::Block(1),
            _ if text.starts_with('%') => Operand::Register(self.register(text, ty)),
            _ if self.shared.contains_key(text) => Operand::Immediate(self.shared[text] as u64),
            _ if text.starts_with("0f") => {
                assert!(!is_wide && ty != Type::U32, "{text} is no {ty:?}");
                Operand::Immediate(u64::from_str_radix(&text[2..], 16).expect("hexadecimal"))
            }
            _ if text.starts_with("0d") => {
                assert!(is_wide && ty != Type::U64, "{text} is no {ty:?}");
                Operand::Immediate(u64::from_str_radix(&text[2..], 16).expect("hexadecimal"))
            }
            _ => {
                assert!(!matches!(ty, Type::F32 | Type::F64 | Type::Pred), "{text} is no {ty:?}");
                let number = match text.strip_prefix("0x") {
                    Some(hex) => u64::from_str_radix(hex, 16),
                    None => text.parse(),
                };
                Operand::Immediate(number.unwrap_or_else(|_| panic!("no operand: {text}")))
            }
        }
    }

    fn instruction(&self, line: &str, parameters: &[(String, Type)]) -> Instruction {
        let (guard, rest) = match line.strip_prefix('@') {
            None => (None, line),
            Some(guarded) => {
                let (predicate, rest) = guarded.split_once(' ').expect("an instruction");
                let wanted = !predicate.starts_with('!');
                (Some((self.register(predicate.trim_start_matches('!'), Type::Pred), wanted)), rest)
            }
        };
        let (opcode, operands) = rest.split_once(' ').unwrap_or((rest, ""));
        let op = self.op(opcode, operands, parameters);
        Instruction { guard, op, text: line.to_owned() }
    }

    fn op(&self, opcode: &str, operands: &str, parameters: &[(String, Type)]) -> Op {
        let parts: Vec<&str> = opcode.split('.').collect();
        let ty = || Type::of(parts[parts.len() - 1]).unwrap_or_else(|| panic!("no type: {opcode}"));
        match parts[0] {
            "ret" => Op::Return,
            "bar" if opcode == "bar.red.or.pred" => {
                let [d, "0", p] = operands.split(", ").collect::<Vec<_>>()[..] else { panic!("operands: {operands}") };
                Op::BarrierOr(self.register(d, Type::Pred), self.register(p, Type::Pred))
            }
            "bar" => {
                assert_eq!((opcode, operands), ("bar.sync", "0"));
                Op::Barrier
            }
            "bra" => Op::Branch(*self.labels.get(operands).unwrap_or_else(|| panic!("no label {operands}"))),
            "ld" if parts[1] == "param" => {
                let (d, name) = operands.split_once(", ").expect("two operands");
                let index = self.parameters[name.trim_matches(['[', ']'])];
                assert_eq!(parameters[index].1, ty(), "the type of {name}");
                Op::Parameter(self.register(d, ty()), index)
            }
            "ld" => {
                let (targets, address) = operands.split_once(", [").expect("an address");
                let (base, offset) = self.address(address, space(&parts));
                Op::Load(space(&parts), ty(), self.list(targets, &parts, ty()), base, offset)
            }
            "st" => {
                let (address, sources) = operands.split_once("], ").expect("an address");
                let (base, offset) = self.address(address.trim_start_matches('['), space(&parts));
                let sources = self.list(sources, &parts, ty()).into_iter().map(Operand::Register).collect();
                Op::Store(space(&parts), ty(), sources, base, offset)
            }
            _ => self.compute(opcode, operands),
        }
    }

    fn address(&self, text: &str, space: Space) -> (Operand, u64) {
        let text = text.trim_end_matches(']');
        let (base, offset) = text.split_once('+').unwrap_or((text, "0"));
        let ty = match space {
            Space::Global => Type::U64,
            Space::Shared => Type::U32,
        };
        (self.operand(base, ty), offset.parse().expect("an offset"))
    }

    /// One register, or as many in braces as the opcode says.
    fn list(&self, text: &str, parts: &[&str], ty: Type) -> Vec<usize> {
        let names: Vec<&str> = text.trim_matches(['{', '}']).split(", ").collect();
        let expected = parts.iter().find_map(|part| part.strip_prefix('v')).map_or(1, |n| n.parse().expect("a length"));
        assert_eq!(names.len(), expected, "{text}");
        names.into_iter().map(|name| self.register(name, ty)).collect()
    }

    fn compute(&self, opcode: &str, operands: &str) -> Op {
        let (compute, result, types) = crate::arithmetic::find(opcode);
        let operands: Vec<&str> = operands.split(", ").collect();
        assert_eq!(operands.len(), types.len() + 1, "{opcode} has {} operands", operands.len());
        let d = self.register(operands[0], result);
        Op::Compute(d, compute, operands[1..].iter().zip(&types).map(|(o, t)| self.operand(o, *t)).collect())
    }
}

impl Type {
    fn bytes_or_zero(self) -> usize {
        if self == Type::Pred { 0 } else { self.bytes() }
    }
}

fn space(parts: &[&str]) -> Space {
    match parts[1] {
        "global" => Space::Global,
        "shared" => Space::Shared,
        other => panic!("no space: {other}"),
    }
}
