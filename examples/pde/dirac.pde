// A relativistic electron in space, Dirac's four components: probability moves, nothing smooths.
pde dirac {
    title    "Dirac in three dimensions";
    source   "arXiv:2304.02637, A.6";
    field    psi1, psi2, psi3, psi4: complex;
    space    x in R^3;
    param    m >= 0;
    equation dt(psi1) + dx(psi4) - i dy(psi4) + dz(psi3) + i m psi1 = 0;
    equation dt(psi2) + dx(psi3) + i dy(psi3) - dz(psi4) + i m psi2 = 0;
    equation dt(psi3) + dx(psi2) - i dy(psi2) + dz(psi1) - i m psi3 = 0;
    equation dt(psi4) + dx(psi1) + i dy(psi1) - dz(psi2) - i m psi4 = 0;
    expect   not_s_generative by C1;
    claim    not_s_generative by "arXiv:2304.02637, A.6";
    test     N = 3, m = 1;
}
