genphys_macros::genphys! {
    pub mod heat { phi_t - lap(phi) = 0 where N = 2 }
}

genphys_macros::genphys! {
    pub pde yukawa { space x in R^3; param m > 0; equation phi_tt + lap(phi) - m^2 phi = 0; }
}

#[test]
fn spine() {
    let p = heat::Parameters::new();
    assert_eq!(heat::VERDICT, "s-generative");
    let x = [0.3, -0.4];
    let t = 0.7;
    let q = 0.25;
    let expected = -q / (4.0 * t) - (4.0 * std::f64::consts::PI * t).ln();
    assert!((heat::log_density(x, t, &p) - expected).abs() < 1e-14);
    assert!((heat::velocity(x, t, &p)[0] - 0.3 / (2.0 * t)).abs() < 1e-15);
    assert_eq!(heat::birth_rate(x, t, &p), 0.0);
    println!("{:?}", heat::omega([1.0, 0.0], &p));
    let y = yukawa::Parameters::new(1.5).unwrap();
    assert!(yukawa::Parameters::new(-1.5).is_err());
    println!("{:?} {:?}", yukawa::omega([1.0, 0.0, 0.0], &y), yukawa::velocity([0.1, 0.2, 0.3], 0.5, &y));
    let f = yukawa::Field::<f64>::new(&[[0.0; 3], [1.0, 0.0, 0.0]], &[1.0, 3.0], y).unwrap();
    println!("{:?}", f.at(0.5, [0.1, 0.2, 0.3]));
}
