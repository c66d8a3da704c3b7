/** AdminJS puts its pages below everything; ours stand above the tables (sidebar-resource-section.tsx). */
export default function SidebarPages() {
  return null;
}
