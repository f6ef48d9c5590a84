pde heat {   //~ E0110 this block has no equation
    title    "Heat";
}
