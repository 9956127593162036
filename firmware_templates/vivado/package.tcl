# One module as IP for the catalog: component.xml and its sources in TOP/, next to this file.
#   vivado -mode batch -source package.tcl -tclargs TOP
# The top of an IP must be plain Verilog (AMD UG1118), so TOP.v around the SystemVerilog is packaged with it.

set here [file dirname [file normalize [info script]]]
if {[llength $argv] != 1} {error "usage: vivado -mode batch -source package.tcl -tclargs TOP"}
lassign $argv top
set vivado [file join $here .. vivado]
set settings [file join $vivado settings $top.tcl]
if {![file exists $settings]} {
    set known [lsort [lmap file [glob [file join $vivado settings *.tcl]] {file rootname [file tail $file]}]]
    error "there is no module $top in this folder; it has [join $known {, }]"
}
source $settings
set constraints [file join $vivado constraints $top.xdc]

# Make an interface unless ipx found it by the names of its ports. Returns it.
proc interface {core name ports kind} {
    if {[ipx::get_bus_interfaces -quiet $name -of_objects $core] eq ""} {ipx::infer_bus_interface $ports $kind $core}
    set found [ipx::get_bus_interfaces $name -of_objects $core]
    if {$found eq ""} {error "the ports $ports make no interface $name ($kind)"}
    return $found
}

# Set a parameter of an interface, new or not.
proc parameter {interface name value} {
    set found [ipx::get_bus_parameters -quiet $name -of_objects $interface]
    if {$found eq ""} {set found [ipx::add_bus_parameter $name $interface]}
    set_property value $value $found
}

create_project -force ${top}_ip [file join $here work $top] -part $part
add_files -norecurse -fileset sources_1 [lmap file [concat $files $shim] {file join $here .. $file}]
add_files -norecurse -fileset constrs_1 $constraints
set_property USED_IN {out_of_context synthesis implementation} [get_files $constraints]
set_property top ${top}_ip [get_filesets sources_1]
update_compile_order -fileset sources_1

ipx::package_project -root_dir [file join $here $top] -vendor $vendor -library $library -taxonomy /UserIP \
    -import_files -force
set core [ipx::current_core]
set_property name $top $core
set_property version $version $core
set_property display_name $title $core
set_property description $description $core
set_property vendor_display_name $vendor $core

interface $core $clock $clock xilinx.com:signal:clock_rtl:1.0
set found [interface $core $reset $reset xilinx.com:signal:reset_rtl:1.0]
parameter $found POLARITY $reset_polarity
foreach {name kind ports} $interfaces {
    interface $core $name $ports xilinx.com:interface:${kind}_rtl:1.0
    ipx::associate_bus_interfaces -busif $name -clock $clock $core
}
ipx::associate_bus_interfaces -clock $clock -reset $reset $core

ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core
close_project
puts "$vendor:$library:$top:$version is in [file join $here $top]"
